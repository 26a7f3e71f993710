"""Divides the rows of a dataset into train, validation and test: by time, by entity, stratified, at random, or into k folds.

Every function is pure and seeded: the same arguments give the same indices, on every machine (PCG64 of numpy). Results are arrays of row numbers, int64,
sorted ascending, without overlap; together they hold every row once. By time: all rows of one moment stay together. Validation is later than training, and
test later than validation (Bergmeir and Benítez, 2012, "On the use of cross-validation for time series predictor evaluation"). By entity: all rows of one
entity stay together (Roberts et al., 2017, "Cross-validation strategies for data with temporal, spatial, hierarchical, or phylogenetic structure").
"""

import itertools
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
SplitKind = Literal["time", "entity", "stratified", "random"]


class RowParts(NamedTuple):
    """Row numbers of each part. Each is [rows of the part], int64, ascending."""

    train: Rows
    validation: Rows
    test: Rows


class Fold(NamedTuple):
    """One fold: train and validation rows. The test rows of the split are in no fold."""

    train: Rows
    validation: Rows


class UnusableSplit(ValueError):
    """The rows cannot be split in this way. The message gives the reason and the change to make."""


def split(kind: SplitKind, rows: int, *, validation: float, test: float, seed: int, times: Any = None, entities: Any = None, target: Any = None) -> RowParts:
    """Return the row numbers for training, validation and test.

    `rows` is the number of rows n. `validation` and `test` are fractions of all rows. `times` [n] (for "time"): anything numpy orders, no missing value.
    `entities` [n] (for "entity"): strings or numbers; all missing ones count as one entity. `target` [n] (for "stratified"): classes; missing is a class.
    Raises UnusableSplit.
    """
    _check_shares(rows, validation, test)
    if kind == "time":
        return split_by_time(_needed(times, rows, "time", "a timestamp column"), validation, test)
    if kind == "entity":
        return split_by_entity(_needed(entities, rows, "entity", "an entity column"), validation, test, seed)
    if kind == "stratified":
        return split_stratified(_needed(target, rows, "stratified", "a target column"), validation, test, seed)
    return split_at_random(rows, validation, test, seed)


def split_by_time(times: Any, validation: float, test: float) -> RowParts:
    """Give the latest of rows [n] to the test, the ones before to validation. Rows of one moment stay together."""
    moments = _moments(times)
    rows = len(moments)
    order = np.argsort(moments, kind="stable")
    ordered = moments[order]
    first_test = _moment_boundary(ordered, round(rows * (1 - test))) if test else rows
    first_validation = _moment_boundary(ordered, round(rows * (1 - test - validation))) if validation else first_test
    parts = RowParts(_ascending(order[:first_validation]), _ascending(order[first_validation:first_test]), _ascending(order[first_test:]))
    return _filled(parts, validation, test, "the times are too few: many rows share one moment. Split by entity or at random")


def split_by_entity(entities: Any, validation: float, test: float, seed: int) -> RowParts:
    """Give whole entities to one part after another, in an order drawn from the seed, until each has its share of rows."""
    codes = _codes(entities)
    counts = np.bincount(codes)
    order = np.random.default_rng(seed).permutation(len(counts))
    reached = np.cumsum(counts[order]) - counts[order] / 2
    part_of_entity = np.zeros(len(counts), np.int8)
    part_of_entity[order[reached < len(codes) * (validation + test)]] = 1
    part_of_entity[order[reached < len(codes) * test]] = 2
    return _filled(_parts(part_of_entity[codes]), validation, test, "the entities are too few, or one of them holds most rows. Split by time or at random")


def split_stratified(target: Any, validation: float, test: float, seed: int) -> RowParts:
    """Split each class [n] in the same shares. A class of one row goes to training."""
    codes = _codes(target)
    generator = np.random.default_rng(seed)
    parts = np.zeros(len(codes), np.int8)
    for code in range(int(codes.max()) + 1):
        members = generator.permutation(np.flatnonzero(codes == code))
        for_test = round(len(members) * test)
        for_validation = min(round(len(members) * validation), len(members) - for_test)
        parts[members[:for_test]] = 2
        parts[members[for_test : for_test + for_validation]] = 1
    return _filled(_parts(parts), validation, test, "the classes are too small. Add rows, or split at random")


def split_at_random(rows: int, validation: float, test: float, seed: int) -> RowParts:
    """Split rows in an order drawn from the seed: first the test's share, then validation's, the rest for training."""
    order = np.random.default_rng(seed).permutation(rows)
    for_test, for_validation = round(rows * test), round(rows * validation)
    parts = np.zeros(rows, np.int8)
    parts[order[:for_test]] = 2
    parts[order[for_test : for_test + for_validation]] = 1
    return _filled(_parts(parts), validation, test, "the rows are too few")


def make_folds(kind: SplitKind, rows: Any, folds: int, *, seed: int, times: Any = None, entities: Any = None, target: Any = None) -> list[Fold]:
    """Return k folds of the given row numbers [m] (training and validation rows of a split, ascending). Arrays are [n], of the whole dataset. By time the
    folds grow: fold i trains on all rows earlier than its validation rows, so the earliest of the k + 1 spans is never validated. Otherwise each row is
    validated once. Raises UnusableSplit.
    """
    chosen = _ascending(rows)
    if not 2 <= folds <= len(chosen):
        raise UnusableSplit(f"{folds} folds of {len(chosen)} rows are not possible: give a number of folds from 2 to {len(chosen)}")
    if kind == "time":
        return _growing_folds(chosen, _moments(_needed(times, None, "time", "a timestamp column"))[chosen], folds)
    if kind == "entity":
        numbers = _entity_folds(_codes(np.asarray(_needed(entities, None, "entity", "an entity column"))[chosen]), folds, seed)
    elif kind == "stratified":
        numbers = _stratified_folds(_codes(np.asarray(_needed(target, None, "stratified", "a target column"))[chosen]), folds, seed)
    else:
        numbers = np.empty(len(chosen), np.int64)
        numbers[np.random.default_rng(seed).permutation(len(chosen))] = np.arange(len(chosen)) % folds
    if len(np.unique(numbers)) < folds:
        raise UnusableSplit(f"{folds} folds leave one without rows: there are fewer entities than folds. Give fewer folds")
    return [Fold(chosen[numbers != number], chosen[numbers == number]) for number in range(folds)]


def _growing_folds(chosen: Rows, moments: NDArray[Any], folds: int) -> list[Fold]:
    order = np.argsort(moments, kind="stable")
    ordered = moments[order]
    bounds = [_moment_boundary(ordered, round(len(chosen) * part / (folds + 1))) for part in range(1, folds + 1)] + [len(chosen)]
    if bounds[0] == 0 or any(after <= before for before, after in itertools.pairwise(bounds)):
        raise UnusableSplit(f"{folds} folds by time are not possible: many rows share one moment. Give fewer folds, or split by entity")
    return [Fold(_ascending(chosen[order[:start]]), _ascending(chosen[order[start:end]])) for start, end in itertools.pairwise(bounds)]


def _entity_folds(codes: Rows, folds: int, seed: int) -> Rows:
    """Give each entity, the largest first, to the fold with the fewest rows. The seed decides ties."""
    counts = np.bincount(codes)
    shuffled = np.random.default_rng(seed).permutation(len(counts))
    fold_of_entity = np.empty(len(counts), np.int64)
    filled = [0] * folds
    for entity in shuffled[np.argsort(-counts[shuffled], kind="stable")]:
        smallest = filled.index(min(filled))
        fold_of_entity[entity] = smallest
        filled[smallest] += int(counts[entity])
    return fold_of_entity[codes]


def _stratified_folds(codes: Rows, folds: int, seed: int) -> Rows:
    generator = np.random.default_rng(seed)
    numbers = np.empty(len(codes), np.int64)
    given = 0
    for code in range(int(codes.max()) + 1):
        members = generator.permutation(np.flatnonzero(codes == code))
        numbers[members] = (np.arange(len(members)) + given) % folds
        given += len(members)
    return numbers


def _check_shares(rows: int, validation: float, test: float) -> None:
    if not (0 <= validation < 1 and 0 <= test < 1 and validation + test < 1):
        raise UnusableSplit(f"validation {validation} and test {test} leave no rows for training: their sum must be below 1")
    if rows < 1:
        raise UnusableSplit("there are no rows to split")


def _needed(values: Any, rows: int | None, kind: str, column: str) -> Any:
    if values is None:
        raise UnusableSplit(f'a split by "{kind}" needs {column}: give a column this role, or choose another split')
    if rows is not None and len(values) != rows:
        raise UnusableSplit(f"{column} has {len(values)} values for {rows} rows")
    return values


def _moments(times: Any) -> NDArray[Any]:
    moments = np.asarray(times)
    missing = np.isnat(moments) if moments.dtype.kind in "mM" else np.isnan(moments) if moments.dtype.kind == "f" else np.zeros(len(moments), bool)
    if moments.dtype.kind == "O" or missing.any():
        raise UnusableSplit(f"the timestamp column has {int(missing.sum()) or 'some'} missing values: fill them, drop these rows, or choose another split")
    return moments


def _codes(values: Any) -> Rows:
    """Return whole numbers from 0, in numpy's order of the values as text (numbers as numbers). A missing value has its own code."""
    array = np.asarray(values)
    if array.dtype.kind == "O":
        array = np.array(["\x00" if value is None or value != value else f"\x01{value}" for value in array], dtype=np.str_)
    return np.unique(array, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _moment_boundary(ordered: NDArray[Any], wanted: int) -> int:
    """Return the start of the moment nearest to the wanted row."""
    if wanted <= 0 or wanted >= len(ordered):
        return min(max(wanted, 0), len(ordered))
    before = int(np.searchsorted(ordered, ordered[wanted], "left"))
    after = int(np.searchsorted(ordered, ordered[wanted], "right"))
    return before if wanted - before <= after - wanted else after


def _parts(numbers: NDArray[np.int8]) -> RowParts:
    return RowParts(*(np.flatnonzero(numbers == part).astype(np.int64) for part in range(3)))


def _ascending(rows: Any) -> Rows:
    return np.sort(np.asarray(rows, np.int64))


def _filled(parts: RowParts, validation: float, test: float, reason: str) -> RowParts:
    if not len(parts.train) or (validation and not len(parts.validation)) or (test and not len(parts.test)):
        raise UnusableSplit(f"a part of the split would be without rows: {reason}")
    return parts
