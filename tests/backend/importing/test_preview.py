import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backend.importing.preview import preview
from backend.importing.rules import Rule, decoded
from tests.backend.importing.invariants import hold

FIXTURES = Path(__file__).parent / "fixtures"
FILES = sorted([*(FIXTURES / "labelled").glob("doc*.json"), *(FIXTURES / "published").glob("*.json")])
UNSEEN = {case["name"]: case["document"] for case in json.loads((FIXTURES / "unseen/cases.json").read_text())}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_leaf_says_where_it_came_from_and_is_what_stands_there(path: Path) -> None:
    hold(preview(path.read_bytes(), path.name), json.loads(path.read_bytes()))


@pytest.mark.parametrize("name", UNSEEN)
def test_the_same_holds_of_unseen_files(name: str) -> None:
    hold(preview(json.dumps(UNSEEN[name]).encode(), name), UNSEEN[name])


def test_a_file_without_a_name_takes_that_of_the_file_and_says_so() -> None:
    found = preview(b'{"auc": 0.8}', "folder/churn.json")
    assert found.document is not None
    assert (found.document["name"], found.provenance["/name"]) == ("churn", "file:churn.json")


def test_the_second_file_of_a_shape_is_read_with_the_remembered_mapping() -> None:
    first = preview(json.dumps(UNSEEN["nested_camel"]).encode())
    memory: dict[str, list[Rule]] = {first.fingerprint: msgspec.convert(first.mapping, list[Rule])}
    changed = json.loads(json.dumps(UNSEEN["nested_camel"]).replace("0.8412", "0.9").replace('"tenure"', '"months"'))
    second = preview(json.dumps(changed).encode(), remembered=memory.get)
    assert second.remembered
    assert second.document is not None
    assert second.document["metrics"][0]["value"] == 0.9
    assert second.document["features"][0]["name"] == "months"
    hold(second, changed)


def test_a_remembered_mapping_that_is_no_longer_sound_is_found_anew() -> None:
    broken = [Rule(kind="const", source="/auc", target="/name", const="Best")]
    found = preview(b'{"auc": 0.8, "model_name": "m"}', remembered=lambda _: broken)
    assert not found.remembered
    assert found.document is not None
    assert found.document["name"] == "m"


def test_several_models_are_asked_about_even_when_the_shape_is_remembered() -> None:
    content = json.dumps(UNSEEN["several_table"]).encode()
    picked = preview(content, pick="SVM")
    again = preview(content, remembered={picked.fingerprint: decoded(picked.mapping)}.get)
    assert again.several_models == ["Logistic Regression", "Random Forest", "SVM"]
    assert again.document is not None
    assert "metrics" not in again.document


def test_the_mapping_shown_is_one_that_can_be_given_back() -> None:
    for path in FILES:
        found = preview(path.read_bytes(), path.name)
        assert msgspec.to_builtins(decoded(found.mapping)) == found.mapping


LARGE: dict[str, Any] = {
    "figures": {"model_name": "m", "metrics": {f"m_{at}": at / 7 for at in range(9000)}, "features": [f"f{at}" for at in range(9000)]},
    "one feature many times": {"model_name": "m", "auc": 0.8, "feature_importance": [["a", at] for at in range(9000)]},
    "models": [{"model": f"m{at}", "auc": 0.5} for at in range(9000)],
    "parts alike": {"model_name": "m", "x": {f"k{at}": {"auc": 0.5, "f1": 0.5} for at in range(9000)}},
    "settings": {"model_name": "m", "params": {f"p{at}": [at, at] for at in range(9000)}},
    "a matrix": {"model_name": "m", "confusion_matrix": [[1] * 100 for _ in range(100)]},
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_file_takes_time_in_proportion_to_its_size(name: str) -> None:
    content = json.dumps(LARGE[name]).encode()
    started = time.perf_counter()
    hold(preview(content), LARGE[name])
    assert time.perf_counter() - started < 15  # a few hundred milliseconds; a quadratic step takes minutes
