"""From a request's inputs to a model's numbers."""

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.runtimes.features import check_others, encode, plain_reader, specs_of
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


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine
@given(st.dictionaries(st.sampled_from([*GOOD, "other"]), JSON))
def test_whatever_is_sent_is_numbers_or_named(inputs: dict[str, Any]) -> None:
    encoded = encode(SPECS, inputs, "/inputs")
    if not encoded.unfit:
        assert len(encoded.row) == len(SPECS)
        assert all(math.isfinite(number) or inputs.get(spec.name) is None for number, spec in zip(encoded.row, SPECS, strict=True))


NUMBERS = [Feature(name="income", type="number"), Feature(name="age", type="integer"), Feature(name="debt", type="number", required=False)]
PLAIN = specs_of([feature.name for feature in NUMBERS], NUMBERS)


@given(st.dictionaries(st.sampled_from(["income", "age", "debt"]), st.integers() | st.floats() | st.booleans() | st.none() | st.text(max_size=2)))
def test_what_is_read_at_once_is_what_is_read_closely(inputs: dict[str, Any]) -> None:
    row = plain_reader(PLAIN)(inputs)
    encoded = encode(PLAIN, inputs, "")
    if row is not None:
        assert (row, [], []) == (encoded.row, encoded.unfit, encoded.missing)
    elif inputs.keys() == {"income", "age", "debt"} and all(type(value) in (int, float) for value in inputs.values()):
        assert encoded.unfit or not math.isfinite(sum(encoded.row))


def test_whole_numbers_are_read_at_once_and_categories_are_not() -> None:
    assert plain_reader(PLAIN)({"income": 12.5, "age": 30, "debt": 1}) == [12.5, 30.0, 1.0]
    assert plain_reader(PLAIN)({"income": 12.5, "age": 30.5, "debt": 1}) is None
    assert plain_reader(SPECS)(GOOD) is None
