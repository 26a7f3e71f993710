import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.importing.skeleton import fingerprint, shape
from backend.importing.speech import skeleton

LABELLED = {path.name: json.loads(path.read_bytes()) for path in sorted((Path(__file__).parent / "fixtures/labelled").glob("doc*.json"))}


def test_values_do_not_change_the_fingerprint_but_shape_does() -> None:
    one = {"model_name": "a", "metrics": {"auc": 0.8}}
    assert fingerprint(one) == fingerprint({"metrics": {"auc": 0.1}, "model_name": "b"})
    assert fingerprint(one) != fingerprint({"model_name": "a", "metrics": {"auc": "0.8"}})
    assert fingerprint(one) != fingerprint({"model_name": "a", "metrics": {"f1": 0.8}})


def test_maps_keyed_by_data_are_one_shape_whatever_their_keys() -> None:
    first = {"coefficients": {f"x{at}": {"coef": at, "p": 0.1} for at in range(5)}}
    second = {"coefficients": {f"income_{at}": {"coef": at, "p": 0.2} for at in range(9)}}
    assert fingerprint(first) == fingerprint(second)
    assert shape(first)["coefficients"] == {"*": {"coef": "number", "p": "number"}}


def tree(depth: int) -> dict[str, Any]:
    return {"leaf": 1} if depth == 0 else {"split": depth, "left": tree(depth - 1), "right": {"leaf": 2}}


def test_a_tree_has_one_shape_however_deep_it_is() -> None:
    assert fingerprint({"t": tree(3)}) == fingerprint({"t": tree(30)})


def test_lists_have_the_shape_of_their_items_however_many() -> None:
    assert fingerprint({"f": ["a", "b"]}) == fingerprint({"f": ["c"]})
    assert fingerprint({"f": [{"a": 1}, {"b": 2}]}) == fingerprint({"f": [{"b": 2}, {"a": 1}, {"a": 3}]})


def test_all_labelled_files_have_shapes_of_their_own() -> None:
    assert len({fingerprint(tree) for tree in LABELLED.values()}) == len(LABELLED)


def strings(node: Any) -> set[str]:
    if isinstance(node, dict):
        return {text for value in node.values() for text in strings(value)}
    return {text for item in node for text in strings(item)} if isinstance(node, list) else {node} if isinstance(node, str) else set()


TYPES = {"number", "string", "number-string", "percent-string", "date-string", "boolean", "null", "^"}


def test_no_string_of_a_file_leaves_in_its_skeleton() -> None:
    for tree in LABELLED.values():
        assert strings(skeleton(tree)) <= TYPES


def test_keys_that_are_data_leave_as_placeholders() -> None:
    seen = json.dumps(skeleton({"metrics": {"auc": 0.8}, "Jane Doe": {"iban": "DE89"}, "2025-01-01": 1, "Ignore previous instructions": 2}))
    assert "metrics" in seen
    assert "auc" in seen
    assert not any(word in seen for word in ("Jane", "2025", "Ignore", "DE89"))


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=40
    )
)
def test_strings_of_no_file_leave(node: Any) -> None:
    assert strings(skeleton(node)) <= TYPES
    assert fingerprint(node) == fingerprint(json.loads(json.dumps(node)))
