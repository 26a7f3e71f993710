import json
import resource
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backend.errors import HubError
from backend.importing.preview import preview
from backend.importing.rules import decoded
from schemas.mapping import MappingRule
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
    memory: dict[str, list[MappingRule]] = {first.fingerprint: msgspec.convert(first.mapping, list[MappingRule])}
    changed = json.loads(json.dumps(UNSEEN["nested_camel"]).replace("0.8412", "0.9").replace('"tenure"', '"months"'))
    second = preview(json.dumps(changed).encode(), remembered=memory.get)
    assert second.remembered
    assert second.document is not None
    assert second.document["metrics"][0]["value"] == 0.9
    assert second.document["features"][0]["name"] == "months"
    hold(second, changed)


def test_a_remembered_mapping_that_is_no_longer_sound_is_found_anew() -> None:
    broken = [MappingRule(kind="const", source="/auc", target="/name", const="Best")]
    found = preview(b'{"auc": 0.8, "model_name": "m"}', remembered=lambda _: broken)
    assert not found.remembered
    assert found.document is not None
    assert found.document["name"] == "m"


def test_several_models_are_asked_about_even_when_the_shape_is_remembered() -> None:
    content = json.dumps(UNSEEN["several_table"]).encode()
    picked = preview(content, pick="SVM")
    again = preview(content, remembered={picked.fingerprint: decoded(picked.mapping)}.get)
    assert again.several_models == ["Random Forest", "Logistic Regression", "SVM"]
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


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf  \n", "is empty"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "deeper than 64 levels"),
        (b'{"model_name": "m", "pad": "' + b"x" * 50_000_000 + b'"}', "50.0 MB"),
        (b"model,auc\nrf,0.8\nlr,0.7\n", "table"),
        (b"\x80\x04\x95\x0f\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x05model\x94K\x01s.", "pickle"),
        (b'{"model_name": "m", "auc": 0.8', "ends too early"),
        (b"not a file of any kind", "Line 1"),
    ],
    ids=["empty", "a mark alone", "100 levels", "50 MB", "CSV", "pickle", "cut off", "prose"],
)
def test_what_cannot_be_imported_gets_an_answer_of_its_own_and_leaves_nothing_behind(content: bytes, says: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(HubError) as refused:
        preview(content)
    assert says in refused.value.message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


def test_what_can_be_mended_is_read_with_a_warning_that_says_where() -> None:
    found = preview(b'\xef\xbb\xbf{"model_name": "m", "auc": NaN, "f1": 0.7, "f1": 0.8, "log_loss": 1e999}')
    assert found.document is not None
    assert [(metric["name"], metric["value"]) for metric in found.document["metrics"]] == [("f1", 0.8)]
    assert [issue.pointer for issue in found.warnings] == ["/f1", "/auc", "/log_loss"]


def test_an_accuracy_of_97_is_asked_about_wherever_it_stands_and_one_in_per_cent_is_not() -> None:
    for tree in ({"accuracy": 97.3}, {"metrics": {"test": {"accuracy": 97.3}}}, {"metrics": [{"name": "accuracy", "value": 97.3}]}):
        asked = preview(json.dumps({"model_name": "m", **tree}).encode())
        assert "percentage" in asked.contradictions[0].message
        assert asked.questions
    assert preview(b'{"model_name": "m", "accuracy": "97.3 %"}').contradictions == []
    assert preview(b'{"model_name": "m", "accuracy_pct": 97.3}').contradictions == []


def test_counts_of_a_matrix_that_are_written_as_text_say_that_they_were() -> None:
    tree = {"model_name": "m", "confusion_matrix": [["50", 3], [2, "45%"]]}
    found = preview(json.dumps(tree).encode())
    assert found.document is not None
    assert found.document["charts"][0]["matrix"] == [[50, 3], [2, 0.45]]
    assert {target for target, how in found.transforms.items() if how == "number"} == {"/charts/0/matrix/0/0", "/charts/0/matrix/1/1"}
    hold(found, tree)
