"""Splits of a dataset's rows: every row once, shares as asked, nothing leaks from one side to the other, the same seed gives the same rows."""

from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold, TimeSeriesSplit

from backend.numerics.splits import SplitKind, UnusableSplit, make_folds, split

ROWS = 4000
GENERATOR = np.random.default_rng(7)
TIMES = np.datetime64("2025-01-01", "us") + GENERATOR.integers(0, 300, ROWS).astype("timedelta64[D]")
ENTITIES = np.array([f"applicant {number}" for number in GENERATOR.integers(0, 900, ROWS)], dtype=object)
TARGET = (GENERATOR.random(ROWS) < 0.08).astype(np.int64)
COLUMNS: dict[str, Any] = {"times": TIMES, "entities": ENTITIES, "target": TARGET}
KINDS: list[SplitKind] = ["time", "entity", "stratified", "random"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_row_is_on_one_side_in_the_share_asked_for(kind: SplitKind) -> None:
    parts = split(kind, ROWS, validation=0.15, test=0.2, seed=11, **COLUMNS)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(ROWS))
    assert len(parts.validation) / ROWS == pytest.approx(0.15, abs=0.01)
    assert len(parts.test) / ROWS == pytest.approx(0.2, abs=0.01)
    assert all(part.dtype == np.int64 and np.all(np.diff(part) > 0) for part in parts)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_rows(kind: SplitKind) -> None:
    first, again = (split(kind, ROWS, validation=0.15, test=0.15, seed=3, **COLUMNS) for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    if kind != "time":
        assert not np.array_equal(first.test, split(kind, ROWS, validation=0.15, test=0.15, seed=4, **COLUMNS).test)


def test_by_time_the_test_is_later_than_all_else_and_no_moment_is_divided() -> None:
    parts = split("time", ROWS, validation=0.15, test=0.15, seed=1, times=TIMES)
    assert TIMES[parts.train].max() < TIMES[parts.validation].min()
    assert TIMES[parts.validation].max() < TIMES[parts.test].min()


def test_one_applicant_is_never_on_both_sides() -> None:
    parts = split("entity", ROWS, validation=0.15, test=0.15, seed=1, entities=ENTITIES)
    sides = [set(ENTITIES[part]) for part in parts]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]


def test_stratified_sides_have_the_prevalence_of_the_whole() -> None:
    parts = split("stratified", ROWS, validation=0.15, test=0.15, seed=1, target=TARGET)
    assert [TARGET[part].mean() for part in parts] == pytest.approx([TARGET.mean()] * 3, abs=0.001)


def test_folds_of_time_grow_like_those_of_scikit_learn() -> None:
    times = np.arange(100)
    ours = make_folds("time", np.arange(100), 4, seed=0, times=times)
    theirs = TimeSeriesSplit(4).split(times)
    assert [(list(fold.train), list(fold.validation)) for fold in ours] == [(list(train), list(validation)) for train, validation in theirs]


@pytest.mark.parametrize("kind", ["entity", "stratified", "random"])
def test_each_row_is_validated_once_in_k_folds(kind: SplitKind) -> None:
    rows = split(kind, ROWS, validation=0, test=0.2, seed=5, **COLUMNS).train
    folds = make_folds(kind, rows, 5, seed=5, **COLUMNS)
    assert np.array_equal(np.sort(np.concatenate([fold.validation for fold in folds])), rows)
    assert all(np.array_equal(np.sort(np.concatenate(fold)), rows) for fold in folds)
    assert [len(fold.validation) for fold in folds] == pytest.approx([len(rows) / 5] * 5, rel=0.02)
    if kind == "entity":
        assert not any(set(ENTITIES[fold.train]) & set(ENTITIES[fold.validation]) for fold in folds)


def test_stratified_folds_have_as_many_of_each_class_as_those_of_scikit_learn() -> None:
    ours = sorted(int(TARGET[fold.validation].sum()) for fold in make_folds("stratified", np.arange(ROWS), 5, seed=1, target=TARGET))
    theirs = sorted(int(TARGET[rows].sum()) for _, rows in StratifiedKFold(5).split(TARGET, TARGET))
    assert ours == theirs


@pytest.mark.parametrize(
    ("kind", "columns", "says"),
    [
        ("time", {}, "needs a timestamp column"),
        ("time", {"times": np.array(["2025-01-01", "NaT"], "datetime64[D]")}, "1 missing"),
        ("time", {"times": np.zeros(2)}, "many rows share one moment"),
        ("entity", {"entities": ["a", "a"]}, "entities are too few"),
        ("stratified", {"target": [0, 1]}, "classes are too small"),
    ],
)
def test_what_cannot_be_divided_is_refused_with_the_reason(kind: SplitKind, columns: dict[str, Any], says: str) -> None:
    with pytest.raises(UnusableSplit, match=says):
        split(kind, 2, validation=0.25, test=0.25, seed=1, **columns)


def test_a_missing_entity_or_class_is_one_of_its_own() -> None:
    target = np.array([None, "no", "yes", float("nan")] * 50, dtype=object)
    parts = split("stratified", 200, validation=0.2, test=0.2, seed=1, target=target)
    assert sum(value is None or value != value for value in target[parts.test]) == 20
