"""What versions decided: approval rate, bad rate among the approved, and value per application. None of them needs a hidden outcome."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from backend.decisions.service import DecisionFacts
from backend.decisions.value import cannot_decide
from backend.numerics.selective.cutoffs import ratio_by_cluster
from backend.numerics.selective.detection import MATERIAL
from backend.numerics.selective.value import ValueSums, value_losses, value_per_application
from backend.numerics.statistics.clusters import CLUSTERS
from backend.numerics.statistics.decided import ASKED, BAD, GOOD, Decided
from backend.numerics.statistics.estimate import Estimate, nothing
from backend.numerics.statistics.sequential import Moments
from backend.plural import plural
from schemas.decisions import ValueTable

ANY = "any"
LACKING = (
    "A person who decides otherwise hides an outcome: compare by the final decision (`compare_by`). If outcomes are only late, set `maturity_hours` to the age "
    "at which they are in."
)


class Worth(NamedTuple):
    """What a decision is worth: the same whatever the outcome is, or by its outcome."""

    any: float | None
    good: float | None
    bad: float | None


@dataclass(frozen=True)
class Decisions:
    """The decisions of a version's mature applications.

    `sums` are the sums of their worths; None without a worth for each decision. `clipped` is the share of known worths that were cut at the table's limits.
    `unpriced` counts applications without a number in a column that their worth needs.
    """

    counts: Decided
    sums: ValueSums | None = None
    clipped: float | None = None
    unpriced: int = 0


@dataclass(frozen=True)
class DecidedFigures:
    """Figures of decisions. `value` is in `currency`."""

    approval_rate: Estimate
    bad_rate: Estimate
    value: Estimate
    currency: str | None
    clipped: float | None


def from_counts(decided: Decided, facts: DecisionFacts) -> Decisions:
    """Return decisions with worths that are constants, from their counts alone."""
    table = facts.value_table
    worths = constants(table) if table else None
    if table is None or worths is None:
        return Decisions(decided)
    sums = value_sums(decided, worths)
    return Decisions(decided, sums, _clipped(decided, table) if sums else None)


def figures_of(decisions: Decisions, facts: DecisionFacts, others_decided: bool = False) -> DecidedFigures:
    """Return the figures of a version's mature applications.

    `others_decided`: other decisions than its own revealed the outcomes, as for a shadow. Then it has no value while it would approve applications without one.
    """
    decided = decisions.counts
    sums = None if others_decided and _unknown(decisions) > MATERIAL else decisions.sums
    approved = _sum(decided, facts.settings.approves)
    everyone = _sum(decided, decided.counts)
    known = approved[GOOD] + approved[BAD]
    return DecidedFigures(
        approval_rate=ratio_by_cluster(approved[ASKED], everyone[ASKED]),
        bad_rate=ratio_by_cluster(approved[BAD], known),
        value=value_per_application(sums) if sums else nothing(0),
        currency=facts.value_table.currency if facts.value_table and sums else None,
        clipped=decisions.clipped if sums else None,
    )


def why_no_value(facts: DecisionFacts, reveals: Collection[str] | None, decisions: Collection[Decisions]) -> str | None:
    """Return why value per application cannot give the verdict on these decisions; None if it can.

    It must be known for every mature application, and depend on no hidden outcome.
    """
    names = {name for one in decisions for name in one.counts.counts}
    if not names:
        return "No mature application has a decision yet."
    if reason := cannot_decide(facts.value_table, reveals, names):
        return reason
    if unpriced := sum(one.unpriced for one in decisions):
        return f"{plural(unpriced, 'mature application')} lack a number in a column of the value table."
    if (share := max(_unknown(one) for one in decisions)) > MATERIAL:
        return f"{share:.0%} of the mature applications with a decision that reveals an outcome have none. {LACKING}".replace("%", " %")
    return None if all(one.sums is not None for one in decisions if one.counts.counts) else "The value table does not price every decision."


def _unknown(decisions: Decisions) -> float:
    """Return the share without an outcome, of the applications whose worth depends on it."""
    opened, known = (float(part.sum()) for part in (decisions.sums.open, decisions.sums.known)) if decisions.sums else (0.0, 0.0)
    return 1 - known / opened if opened else 0.0


def losses(decisions: Decisions) -> Moments:
    """Return minus the value per application, as losses that the verdict compares."""
    return value_losses(decisions.sums) if decisions.sums else Moments(0, 0.0, 0.0)


def constants(table: ValueTable) -> dict[str, Worth] | None:
    """Return the worth of each decision within the table's limits; None where a worth depends on a column, which counts do not tell."""
    if any(entry.worth.constant is None for entry in table.entries):
        return None
    found: dict[str, dict[str, float]] = {}
    for entry in table.entries:
        found.setdefault(entry.decision, {})[entry.outcome] = min(max(entry.worth.constant or 0.0, table.lowest), table.highest)
    return {name: Worth(mine.get(ANY), mine.get("good"), mine.get("bad")) for name, mine in found.items()}


def value_sums(decided: Decided, worths: Mapping[str, Worth]) -> ValueSums | None:
    """Return the sums of worths by cluster; None where a decision has no worth, or none for one of its outcomes."""
    whole = None
    for name, counts in decided.counts.items():
        worth = worths.get(name)
        if worth is None or (worth.any is None and (worth.good is None or worth.bad is None)):
            return None
        part = _sums(counts.astype(np.float64), worth)
        whole = part if whole is None else whole.plus(part)
    return whole


def _clipped(decided: Decided, table: ValueTable) -> float:
    """Return the share of known worths that a limit cuts."""
    known = cut = 0
    for entry in table.entries:
        counts = decided.counts.get(entry.decision)
        if counts is not None and entry.worth.constant is not None:
            rows = int(counts[{ANY: ASKED, "good": GOOD, "bad": BAD}[entry.outcome]].sum())
            known += rows
            cut += 0 if table.lowest <= entry.worth.constant <= table.highest else rows
    return cut / known if known else 0.0


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
