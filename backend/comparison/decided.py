"""What versions decided: approval rate, bad rate among the approved, and value per application. None of them needs a hidden outcome."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from backend.decisions.service import DecisionFacts
from backend.decisions.value import cannot_decide
from backend.numerics.selective.cutoffs import ratio_by_cluster
from backend.numerics.selective.value import ValueSums, value_losses, value_per_application
from backend.numerics.statistics.clusters import CLUSTERS
from backend.numerics.statistics.decided import ASKED, BAD, GOOD, Decided
from backend.numerics.statistics.estimate import Estimate, nothing
from backend.numerics.statistics.sequential import Moments
from schemas.decisions import ValueTable

ANY = "any"


class Worth(NamedTuple):
    """What a decision is worth: the same whatever the outcome is, or by its outcome."""

    any: float | None
    good: float | None
    bad: float | None


@dataclass(frozen=True)
class DecidedFigures:
    """Figures of decisions, as recommended. `value` is in `currency`."""

    approval_rate: Estimate
    bad_rate: Estimate
    value: Estimate
    currency: str | None


def figures_of(decided: Decided, facts: DecisionFacts) -> DecidedFigures:
    """From the counts of a version's mature requests."""
    table = facts.value_table
    worths = constants(table) if table else None
    approved = _sum(decided, facts.settings.approves)
    everyone = _sum(decided, decided.counts)
    known = approved[GOOD] + approved[BAD]
    sums = value_sums(decided, worths) if worths else None
    return DecidedFigures(
        approval_rate=ratio_by_cluster(approved[ASKED], everyone[ASKED]),
        bad_rate=ratio_by_cluster(approved[BAD], known),
        value=value_per_application(sums) if sums else nothing(0),
        currency=table.currency if table and sums else None,
    )


def value_decides(facts: DecisionFacts, reveals: Collection[str] | None, decided: Collection[Decided]) -> bool:
    """Is value per application known of every mature application: constants, and none that depends on a hidden outcome?"""
    names = {name for one in decided for name in one.counts}
    table = facts.value_table
    return bool(names) and table is not None and constants(table) is not None and cannot_decide(table, reveals, names) is None


def losses(decided: Decided, table: ValueTable) -> Moments:
    """Minus the value per application, as losses that the verdict compares."""
    worths = constants(table)
    sums = value_sums(decided, worths) if worths else None
    return value_losses(sums) if sums else Moments(0, 0.0, 0.0)


def constants(table: ValueTable) -> dict[str, Worth] | None:
    """The worth of each decision within the table's limits; None where a worth depends on a column, which counts do not tell."""
    if any(entry.worth.constant is None for entry in table.entries):
        return None
    found: dict[str, dict[str, float]] = {}
    for entry in table.entries:
        found.setdefault(entry.decision, {})[entry.outcome] = min(max(entry.worth.constant or 0.0, table.lowest), table.highest)
    return {name: Worth(mine.get(ANY), mine.get("good"), mine.get("bad")) for name, mine in found.items()}


def value_sums(decided: Decided, worths: Mapping[str, Worth]) -> ValueSums | None:
    """The sums of worths by cluster; None where a decision has no worth, or none for one of its outcomes."""
    whole = None
    for name, counts in decided.counts.items():
        worth = worths.get(name)
        if worth is None or (worth.any is None and (worth.good is None or worth.bad is None)):
            return None
        part = _sums(counts.astype(np.float64), worth)
        whole = part if whole is None else whole.plus(part)
    return whole


def _sums(counts: "np.ndarray[tuple[int, int], np.dtype[np.float64]]", worth: Worth) -> ValueSums:
    asked, good, bad = counts[ASKED], counts[GOOD], counts[BAD]
    zero = np.zeros(CLUSTERS)
    if worth.any is not None:
        return ValueSums(asked, zero, zero, worth.any * asked, zero, float(worth.any**2 * asked.sum()), 0.0)
    for_good, for_bad = worth.good or 0.0, worth.bad or 0.0
    squares = float(for_good**2 * good.sum() + for_bad**2 * bad.sum())
    return ValueSums(asked, asked, good + bad, zero, for_good * good + for_bad * bad, 0.0, squares)


def _sum(decided: Decided, names: Collection[str]) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    mine = [counts for name, counts in decided.counts.items() if name in names]
    return np.sum(mine, axis=0).astype(np.float64) if mine else np.zeros((3, CLUSTERS))
