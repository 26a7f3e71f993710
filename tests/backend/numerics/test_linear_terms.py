"""Linear models with bins, levels and rules for missing values."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from backend.catalog.artifacts import inspect
from backend.catalog.artifacts.linear import linear_facts
from backend.numerics.linear import MalformedLinear, read_linear
from backend.runtimes.linear import LinearRuntime
from tests.backend.numerics import oracle

MODEL = {
    "format": "linear",
    "features": ["debt", "income", "region"],
    "coefficients": [0.8, 0, 0],
    "intercept": -2.1,
    "link": "logit",
    "terms": {
        "debt": {"kind": "number", "missing": 0.35},
        "income": {"kind": "bins", "edges": [20, 45], "points": [0.6, 0.1, -0.4], "missing": 0.2},
        "region": {"kind": "levels", "levels": ["north", "south"], "points": [0.0, 0.3], "missing": 0.1},
    },
}
N = math.nan
ROWS = np.array([[1.0, 19.9, 0], [2.0, 20.0, 1], [N, 45.0, N], [0.1, N, 7], [0.3, -1e300, 0.5], [1e3, 1e300, -1]])


def content(**changed: object) -> bytes:
    return json.dumps(MODEL | changed).encode()


def by_hand(row: np.ndarray) -> float:
    debt, income, region = row
    terms = [0.35 if np.isnan(debt) else 0.8 * debt]
    terms.append(0.2 if np.isnan(income) else 0.6 if income < 20 else 0.1 if income < 45 else -0.4)
    terms.append({0: 0.0, 1: 0.3}.get(region, 0.1))
    return ((-2.1 + terms[0]) + terms[1]) + terms[2]


def test_margins_are_the_sum_from_left_to_right_to_the_last_bit_alone_and_in_a_batch() -> None:
    runtime = LinearRuntime(read_linear(content()))
    found = runtime.predict(ROWS)
    assert found.margin is not None
    assert found.margin.tolist() == [by_hand(row) for row in ROWS]
    assert [runtime.predict_row(row.tolist()) for row in ROWS] == list(zip(found.score.tolist(), found.margin.tolist(), strict=True))
    assert found.score.tolist()[:2] == [1 / (1 + math.exp(-by_hand(row))) for row in ROWS[:2]]


def test_explanations_are_the_exact_shapley_values_on_the_original_features() -> None:
    model = read_linear(content())
    background = ROWS[[0, 2, 3, 4]]
    explained = LinearRuntime(model).explain(ROWS, background)
    for row, values in zip(ROWS[:5], explained.values[:5], strict=True):
        base, expected = oracle.interventional(model.margin, row, background)
        assert np.allclose(values, expected, atol=1e-12)
        assert explained.base == pytest.approx(base)
    assert np.abs(explained.residual[:5]).max() < 1e-12


def test_a_missing_value_without_a_rule_has_no_score() -> None:
    terms = {"income": {"kind": "bins", "edges": [], "points": [1.5]}}
    margin = read_linear(content(terms=terms, coefficients=[0.8, 0, 1.0])).margin(np.array([[1, 1, 1], [1, N, 1], [N, 1, 1]]))
    assert np.isnan(margin).tolist() == [False, True, True]
    assert margin[0] == -2.1 + 0.8 + 1.5 + 1.0


def test_a_missing_value_takes_no_part_in_the_standardisation() -> None:
    model = read_linear(content(standardisation={"mean": [10.0, 0, 0], "scale": [4.0, 1, 1]}))
    given, missing = model.margin(np.array([[14.0, 19, 0], [N, 19, 0]]))
    assert given == pytest.approx(-2.1 + 0.8 + 0.6, rel=1e-14)
    assert missing == pytest.approx(-2.1 + 0.35 + 0.6, rel=1e-14)


def test_the_log_link_gives_expected_counts() -> None:
    runtime = LinearRuntime(read_linear(content(link="log")))
    assert (runtime.space, runtime.classifies) == ("margin", False)
    assert runtime.predict(ROWS[:2]).score.tolist() == [math.exp(by_hand(row)) for row in ROWS[:2]]
    assert linear_facts(content(link="log"), "").probability is False


def test_the_artifact_tells_its_levels_and_which_features_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(content())
    facts = inspect(path)
    assert facts.category_lists == (("north", "south"),)
    assert facts.infos == ("none", "none", "0:0:1")
    assert facts.takes_missing == ("debt", "income", "region")


BAD = {
    "another feature": ({"age": {"kind": "number", "missing": 1}}, "'age'"),
    "an unknown kind": ({"debt": {"kind": "spline"}}, "spline"),
    "a coefficient beside bins": ({"debt": {"kind": "bins", "edges": [], "points": [1]}}, "coefficient must be 0"),
    "edges that fall": ({"income": {"kind": "bins", "edges": [2, 1], "points": [1, 2, 3]}}, "ascend"),
    "an edge twice": ({"income": {"kind": "bins", "edges": [2, 2], "points": [1, 2, 3]}}, "ascend"),
    "too few points": ({"income": {"kind": "bins", "edges": [1], "points": [1]}}, "1 entries for 2 bins"),
    "a level twice": ({"region": {"kind": "levels", "levels": ["a", "a"], "points": [1, 2]}}, "twice"),
    "a level without points": ({"region": {"kind": "levels", "levels": ["a", "b"], "points": [1]}}, "1 entries for 2 levels"),
    "points as text": ({"region": {"kind": "levels", "levels": ["a"], "points": ["1"]}}, "points"),
    "more than it has": ({"debt": {"kind": "number", "missing": 1, "code": "x"}}, "code"),
    "no finite number": ({"debt": {"kind": "number", "missing": 1e999}}, "number|Infinity|JSON"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_unsound_term_is_refused_by_name(case: str) -> None:
    terms, words = BAD[case]
    with pytest.raises(MalformedLinear, match=words):
        read_linear(content(terms=terms))
