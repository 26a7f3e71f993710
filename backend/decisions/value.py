"""What decisions are worth: a table of (decision, outcome) applied to rows. Pure: arrays in, values out."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.numerics.statistics.estimate import Floats
from schemas.common import Issue
from schemas.decisions import ValueTable, Worth

NO_TABLE = "The group has no value table."
NOBODY_SAID = "Nobody has said which decisions reveal an outcome. State it in the group's settings."
WITHOUT_OUTCOME = "any"


@dataclass(frozen=True)
class Values:
    """The value [n] of each row in the table's currency, NaN where it is not known.

    `clipped` is the share of known values that were cut at a limit. `unpriced` counts decided rows whose decision has no worth in the table, or whose
    column is not a number: they lack a value even once their outcome is there.
    """

    values: Floats
    clipped: float
    unpriced: int

    @property
    def known(self) -> NDArray[np.bool_]:
        """Return which rows have a value [n]."""
        return ~np.isnan(self.values)


def values_of(table: ValueTable, decisions: Sequence[str | None] | NDArray[Any], actuals: Floats, columns: Mapping[str, Floats]) -> Values:
    """Value rows: `decisions` [n] (None where there is none), `actuals` [n] (0 or 1; NaN while unknown), `columns` by input name [n].

    >>> from schemas.decisions import ValueEntry
    >>> entries = [ValueEntry(decision="approve", outcome="good", worth=Worth(column="amount", factor=0.08)),
    ...            ValueEntry(decision="approve", outcome="bad", worth=Worth(column="amount", factor=-0.6)),
    ...            ValueEntry(decision="decline", outcome="any", worth=Worth(constant=0.0))]
    >>> table = ValueTable(currency="EUR", entries=entries, lowest=-500.0, highest=500.0)
    >>> decisions, actuals = ["approve", "approve", "decline", "approve"], np.array([0, 1, np.nan, np.nan])
    >>> found = values_of(table, decisions, actuals, {"amount": np.array([1000.0] * 4)})
    >>> found.values.tolist(), round(found.clipped, 3), found.unpriced
    ([80.0, -500.0, 0.0, nan], 0.333, 0)
    """
    decided = np.asarray(decisions, dtype=object)
    raw = np.full(len(decided), np.nan)
    priced = np.zeros(len(decided), dtype=bool)
    for entry in table.entries:
        mine = decided == entry.decision
        amounts = _amounts(entry.worth, columns, len(decided))
        priced |= mine & np.isfinite(amounts)
        told = mine if entry.outcome == WITHOUT_OUTCOME else mine & (actuals == (1.0 if entry.outcome == "bad" else 0.0))
        raw[told] = amounts[told]
    raw[~np.isfinite(raw)] = np.nan
    values = np.clip(raw, table.lowest, table.highest)
    known = ~np.isnan(raw)
    cut = int(np.count_nonzero(values[known] != raw[known]))
    has_decision = np.array([one is not None for one in decided], dtype=bool)
    return Values(values, cut / int(known.sum()) if known.any() else 0.0, int(np.count_nonzero(has_decision & ~priced)))


def columns_needed(table: ValueTable) -> list[str]:
    """Return the inputs that values are made of, sorted."""
    return sorted({entry.worth.column for entry in table.entries if entry.worth.column is not None})


def most_lost(table: ValueTable, decision: str) -> float:
    """Return the most that one application with this decision can lose, 0 or more. An amount of an input can be as low as the table's limit.

    >>> from schemas.decisions import ValueEntry
    >>> entries = [ValueEntry(decision="approve", outcome="good", worth=Worth(constant=80.0)),
    ...            ValueEntry(decision="approve", outcome="bad", worth=Worth(column="amount", factor=-0.6))]
    >>> table = ValueTable(currency="EUR", entries=entries, lowest=-500.0, highest=500.0)
    >>> most_lost(table, "approve"), most_lost(table, "decline")
    (500.0, 0.0)
    """
    worths = [entry.worth for entry in table.entries if entry.decision == decision]
    constants = [max(worth.constant, table.lowest) for worth in worths if worth.constant is not None]
    amounts = [table.lowest for worth in worths if worth.factor is not None and worth.factor < 0]
    return max(0.0, *(-one for one in (*constants, *amounts)), 0.0)


def cannot_decide(table: ValueTable | None, reveals: Collection[str] | None, names: Collection[str]) -> str | None:
    """Why value per application cannot be the decision metric of a group that decides by `names` and whose outcomes come after the decisions `reveals`.

    None where it can.
    A decision that hides its outcome must be worth the same whatever the outcome is, or its value would never be known.
    """
    if table is None:
        return NO_TABLE
    if reveals is None:
        return NOBODY_SAID
    outcomes = _outcomes(table)
    for name in sorted(names):
        told = outcomes.get(name, set())
        if not told:
            return f"The value table does not say what `{name}` is worth."
        if name not in reveals and told != {WITHOUT_OUTCOME}:
            return f"`{name}` hides its outcome, and its worth depends on the outcome. State one worth for `{name}`, whatever the outcome is."
        if told not in ({WITHOUT_OUTCOME}, {"good", "bad"}):
            return f"The value table says what `{name}` is worth for one outcome only."
    return None


def table_issues(table: ValueTable, names: Collection[str], inputs: Collection[str] | None, at: str = "/table") -> list[Issue]:
    """Return what is wrong with a table for a group that decides by `names` and takes `inputs` (None: any)."""
    issues = []
    if not (math.isfinite(table.lowest) and math.isfinite(table.highest) and table.lowest < table.highest):
        issues.append(Issue(pointer=f"{at}/lowest", message="the lowest value is a finite number below the highest"))
    seen: dict[tuple[str, str], int] = {}
    for index, entry in enumerate(table.entries):
        pointer = f"{at}/entries/{index}"
        if entry.decision not in names:
            issues.append(Issue(pointer=f"{pointer}/decision", message=f"no rule of the group gives {entry.decision!r}; known are {', '.join(sorted(names))}"))
        if (entry.decision, entry.outcome) in seen:
            issues.append(Issue(pointer=pointer, message=f"entry {seen[entry.decision, entry.outcome]} already says this decision and outcome"))
        seen.setdefault((entry.decision, entry.outcome), index)
        issues += _worth_issues(entry.worth, inputs, f"{pointer}/worth")
    for name, outcomes in _outcomes(table).items():
        if WITHOUT_OUTCOME in outcomes and len(outcomes) > 1:
            issues.append(Issue(pointer=f"{at}/entries", message=f"{name!r} has a worth for any outcome and one for a certain outcome; keep one of the two"))
    return issues


def _worth_issues(worth: Worth, inputs: Collection[str] | None, at: str) -> list[Issue]:
    if (worth.constant is None) == (worth.column is None):
        return [Issue(pointer=at, message="give a `constant`, or a `column` with its `factor`")]
    if (worth.column is None) != (worth.factor is None):
        return [Issue(pointer=f"{at}/factor", message="a `column` goes with a `factor`, and a `factor` with a `column`")]
    if not all(math.isfinite(one) for one in (worth.constant, worth.factor) if one is not None):
        return [Issue(pointer=at, message="a finite number is expected here")]
    if worth.column is not None and inputs is not None and worth.column not in inputs:
        return [Issue(pointer=f"{at}/column", message=f"{worth.column!r} is no input of the group; inputs are {', '.join(sorted(inputs)[:20])}")]
    return []


def _outcomes(table: ValueTable) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for entry in table.entries:
        found.setdefault(entry.decision, set()).add(entry.outcome)
    return found


def _amounts(worth: Worth, columns: Mapping[str, Floats], rows: int) -> Floats:
    if worth.column is None:
        return np.full(rows, worth.constant if worth.constant is not None else np.nan)
    return np.asarray(columns[worth.column], dtype=np.float64) * (worth.factor if worth.factor is not None else np.nan)


def number(value: Any) -> float:
    """Return an input as a number; NaN for what is none.

    >>> number(3), number(True), number("3"), number(10**400)
    (3.0, nan, nan, nan)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.nan
