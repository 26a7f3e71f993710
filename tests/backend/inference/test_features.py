"""From a request's inputs to a model's numbers."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.inference.features import check_others, encode, specs_of
from schemas.model_document import Feature

FEATURES = [
    Feature(name="income", type="number"),
    Feature(name="age", type="integer"),
    Feature(name="owner", type="boolean"),
    Feature(name="region", type="category", categories=["north", "south"]),
    Feature(name="debt", type="number", required=False),
]
SPECS = specs_of([feature.name for feature in FEATURES], FEATURES)
GOOD: dict[str, Any] = {"income": 12.5, "age": 30, "owner": True, "region": "south", "debt": 1}


def test_each_type_becomes_its_number_in_the_artifacts_order() -> None:
    encoded = encode(SPECS, GOOD, "/inputs")
    assert (encoded.row, encoded.unfit, encoded.missing) == ([12.5, 30.0, 1.0, 1.0, 1.0], [], [])
    reversed_order = specs_of([feature.name for feature in reversed(FEATURES)], FEATURES)
    assert encode(reversed_order, GOOD, "").row == [1.0, 1.0, 1.0, 30.0, 12.5]


def test_an_optional_feature_left_out_or_null_is_missing_to_the_model_and_a_required_one_is_named() -> None:
    without = {name: value for name, value in GOOD.items() if name != "debt"}
    for inputs in (without, GOOD | {"debt": None}):
        encoded = encode(SPECS, inputs, "/inputs")
        assert math.isnan(encoded.row[-1])
        assert encoded.missing == []
    assert encode(SPECS, {}, "/inputs").missing == ["income", "age", "owner", "region"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("income", "12.5"),
        ("income", True),
        ("income", float("nan")),
        ("income", float("inf")),
        ("income", 10**400),
        ("income", []),
        ("income", {}),
        ("age", 30.5),
        ("age", True),
        ("owner", "true"),
        ("owner", 2),
        ("region", "west"),
        ("region", 1),
        ("debt", "none"),
    ],
)
def test_a_value_that_does_not_fit_is_pointed_at(name: str, value: Any) -> None:
    encoded = encode(SPECS, GOOD | {name: value}, "/inputs/3")
    assert [issue.pointer for issue in encoded.unfit] == [f"/inputs/3/{name}"]


def test_what_no_version_takes_is_unknown_and_what_another_version_takes_is_checked_too() -> None:
    known = {spec.name: spec for spec in SPECS}
    unknown, unfit = check_others(known, frozenset({"income"}), GOOD | {"sh/oe": 1, "age": "old"}, "/inputs")
    assert [issue.pointer for issue in unknown] == ["/inputs/sh~1oe"]
    assert [issue.pointer for issue in unfit] == ["/inputs/age"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
)


@given(st.dictionaries(st.sampled_from([*GOOD, "other"]), JSON))
def test_whatever_is_sent_is_numbers_or_named(inputs: dict[str, Any]) -> None:
    encoded = encode(SPECS, inputs, "/inputs")
    if not encoded.unfit:
        assert len(encoded.row) == len(SPECS)
        assert all(math.isfinite(number) or inputs.get(spec.name) is None for number, spec in zip(encoded.row, SPECS, strict=True))
