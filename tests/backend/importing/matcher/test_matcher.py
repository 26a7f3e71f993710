"""How well files of no known format are understood: the labelled ones, unseen ones, and both with their keys and shapes changed."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.importing.preview import preview
from backend.importing.vocabulary import words
from tests.backend.importing.judge import misses

FIXTURES = Path(__file__).parents[1] / "fixtures"
GOLD: dict[str, dict[str, str]] = json.loads((FIXTURES / "labelled/gold.json").read_text())
LABELLED = {path.name: json.loads(path.read_text()) for path in sorted((FIXTURES / "labelled").glob("doc*.json"))}
UNSEEN: list[dict[str, Any]] = json.loads((FIXTURES / "unseen/cases.json").read_text())
SEVERAL = {"doc06.json": ["Logistic Regression", "Decision Tree", "KNN", "Naive Bayes", "Random Forest"], "doc10.json": ["logistic_regression", "xgboost"]}
NO_MODEL = {"doc03.json", "doc09.json", "doc11.json"}


def look(tree: Any, pick: str | None = None) -> Any:
    return preview(json.dumps(tree).encode(), "file.json", pick)


@pytest.mark.parametrize("name", LABELLED)
def test_labelled_files_are_understood_with_nothing_missed_and_no_false_alarm(name: str) -> None:
    found = look(LABELLED[name])
    assert sorted(found.several_models or []) == sorted(SEVERAL.get(name) or [])
    assert (found.document is None) == (name in NO_MODEL)
    assert misses(found, GOLD.get(name, {}), LABELLED[name]) == []
    assert found.contradictions == []


@pytest.mark.parametrize("case", UNSEEN, ids=[case["name"] for case in UNSEEN])
def test_unseen_files_are_understood(case: dict[str, Any]) -> None:
    found = look(case["document"])
    assert sorted(found.several_models or []) == sorted(case["several"] or [])
    assert (found.document is not None) == case["model"]
    assert misses(found, case["gold"], case["document"]) == []
    assert found.contradictions == []


def camel(key: str) -> str:
    said = words(key).split("_")
    return said[0] + "".join(word.capitalize() for word in said[1:])


STYLES: dict[str, Callable[[str], str]] = {
    "camelCase": camel,
    "UPPER_SNAKE": lambda key: words(key).upper(),
    "kebab-case": lambda key: words(key).replace("_", "-"),
    "Title Case": lambda key: words(key).replace("_", " ").title(),
    "PascalCase": lambda key: camel(key)[:1].upper() + camel(key)[1:],
}
DATA = re.compile(r"feature_\d|const|Logistic|Decision|KNN|Naive|Random")


def restyled(node: Any, style: Callable[[str], str], data: bool = False) -> Any:
    """The same file with its headings in another style; keys that are data (features, models, settings) stay."""
    if isinstance(node, dict):
        kept = data or any(DATA.match(key) for key in node)
        return {
            key if kept else style(key): restyled(value, style, key in ("classifier_parameters", "optimizer_params", "training_ranges"))
            for key, value in node.items()
        }
    return [restyled(item, style) for item in node] if isinstance(node, list) else node


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", GOLD)
def test_the_style_of_keys_does_not_matter(name: str, style: str) -> None:
    changed = restyled(LABELLED[name], STYLES[style])
    gold = {"/".join(STYLES[style](step) for step in path.split("/")): meaning for path, meaning in GOLD[name].items()}
    assert misses(look(changed), gold, changed) == []


@pytest.mark.parametrize("wrapper", ["model", "metadata", "model_card", "artifact"])
@pytest.mark.parametrize("name", GOLD)
def test_a_file_wrapped_in_one_more_part_is_understood_as_well(name: str, wrapper: str) -> None:
    changed = {wrapper: LABELLED[name]}
    assert misses(look(changed), {f"{wrapper}/{path}": meaning for path, meaning in GOLD[name].items()}, changed) == []


def as_percent(node: Any, key: str = "") -> Any:
    if isinstance(node, dict):
        return {name: as_percent(value, name) for name, value in node.items()}
    return f"{node * 100:.4f}%" if isinstance(node, float) and words(key) in ("roc_auc", "pr_auc", "precision", "recall", "accuracy", "f1") else node


@pytest.mark.parametrize("name", ["doc02.json", "doc07.json", "doc14.json"])
def test_figures_written_as_percentages_become_fractions(name: str) -> None:
    changed = as_percent(LABELLED[name])
    found = look(changed)
    assert misses(found, GOLD[name], changed) == []
    assert all(0 < metric["value"] < 1 for metric in found.document["metrics"])
    assert "percent" in found.transforms.values()


def test_nothing_of_the_other_models_reaches_the_picked_one() -> None:
    for model in SEVERAL["doc10.json"]:
        found = look(LABELLED["doc10.json"], model)
        others = [other for other in SEVERAL["doc10.json"] if other != model]
        assert found.document["metrics"]
        assert not [source for source in found.provenance.values() if any(f"/models/{other}" in source for other in others) or "/performance" in source]


def test_a_model_can_be_picked_by_its_key_or_its_own_name_and_an_unknown_one_is_refused() -> None:
    assert look(LABELLED["doc10.json"], "Logistic Regression").picked == "logistic_regression"
    with pytest.raises(Exception, match="it has: xgboost, logistic_regression"):
        look(LABELLED["doc10.json"], "svm")


@pytest.mark.parametrize("case", [case for case in UNSEEN if case["several"]], ids=lambda case: case["name"])
def test_each_of_several_models_can_be_picked_alone(case: dict[str, Any]) -> None:
    for model in case["several"]:
        found = look(case["document"], model)
        assert found.picked == model
        assert found.document["name"]


def test_facts_that_contradict_each_other_are_shown_with_both_places() -> None:
    found = look({"model_name": "m", "auc": 0.8, "metrics": {"roc_auc": 0.7}})
    assert [(claim.pointer, claim.value) for claim in found.contradictions[0].claims] == [("/auc", 0.8), ("/metrics/roc_auc", 0.7)]
