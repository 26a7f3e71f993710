"""Whether a comparison's outcomes are selective. Then only figures that the data identify are compared between versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from backend.numerics.selective import bounds
from backend.numerics.selective.bounds import Bounds, Outcomes
from backend.numerics.selective.detection import Band, Shares, bands, label_spread, selective, shares_of
from backend.numerics.statistics.clusters import Clusters
from backend.numerics.statistics.counted import Counted
from schemas.common import Interval
from schemas.comparison import OutcomeBounds, RevealedBand, RevealedShares, Scale, SelectiveOutcomes
from schemas.groups import Member

QUESTION = (
    "Which decisions reveal outcomes? State them in the group's settings (`reveals`). If every request gets its outcome and some are only late, "
    "set `maturity_hours` to the age at which outcomes are in."
)


@dataclass(frozen=True)
class Mature:
    """A member's randomly assigned answers that are old enough to have outcomes."""

    member: Member
    counted: Counted


@dataclass(frozen=True)
class Selection:
    """How outcomes arrive. `declared`: the decisions with outcomes, as stated by the group."""

    by_score: bool
    by_version: bool
    declared: Sequence[str]
    shares: Mapping[UUID, Sequence[Band]]
    words: str

    @property
    def selective(self) -> bool:
        """Return whether outcomes depend on decisions."""
        return self.by_score or self.by_version or bool(self.declared)


def selection_of(sides: Sequence[Mature], declared: Sequence[str] = ()) -> Selection:
    """Return whether the share of arrived outcomes depends on the score, or differs between these versions."""
    found = {one.member.version_id: bands(one.counted.levels) for one in sides}
    spread = _spread(sides)
    by_score = selective([shares_of(mine) for mine in found.values() if len(mine) > 1], spread)
    by_version = len(sides) > 1 and selective([_by_version(found)], spread)
    words = " ".join(_words(sides, found, by_score, by_version, declared))
    return Selection(by_score, by_version, tuple(declared), found, words)


def declared_of(reveals: Sequence[str] | None, sides: Sequence[Mature]) -> Sequence[str]:
    """Return the decisions for which the group says that outcomes exist; none where that hides nothing: each logged decision is one of them."""
    names = {name for one in sides for name in one.counted.sketch.decided.counts}
    return () if not reveals or (names and names <= set(reveals)) else tuple(reveals)


def as_shape(found: Selection, sides: Sequence[Mature]) -> SelectiveOutcomes | None:
    """Return the comparison's shape; None when nothing shows selective outcomes."""
    if not found.selective:
        return None
    shares = [
        RevealedShares(
            version_id=one.member.version_id,
            label=one.member.label,
            bands=[RevealedBand(low=band.low, high=band.high, asked=band.asked, known=band.known) for band in found.shares[one.member.version_id]],
        )
        for one in sides
    ]
    question = "" if found.declared else QUESTION
    return SelectiveOutcomes(
        by_score=found.by_score, by_version=found.by_version, declared=list(found.declared), words=found.words, question=question, shares=shares
    )


def on_whom(selective: bool, shadow: bool) -> str:
    """Return the requests behind a member's figures on outcomes."""
    if not selective:
        return "requests by lot with an outcome"
    return "those with an outcome among what the answers approved" if shadow else "among its own approved"


def bounds_of(counted: Counted, scale: Scale, lower: bool) -> list[OutcomeBounds]:
    """Return the bounds of a member's figures over everyone, for any unknown outcomes, and for outcomes plausible for their scores."""
    levels = counted.levels.turned if lower else counted.levels
    if scale == "number" or not levels.all.any():
        return []
    told = []
    for assumption, rates in (("any", (0.0, 1.0)), ("plausible", bounds.plausible(levels))):
        rows = Outcomes.of(levels, rates)
        figures = {"bad_rate": bounds.bad_rate(rows), "roc_auc": bounds.roc_auc(rows)}
        if scale == "probability" and not lower:
            figures["brier"] = bounds.brier(rows)
        told += [_bounds(metric, assumption, one) for metric, one in figures.items() if one.low is not None]
    return told


def _bounds(metric: str, assumption: str, found: Bounds) -> OutcomeBounds:
    low, high, least, most = (float(end or 0.0) for end in (found.low, found.high, found.least, found.most))
    return OutcomeBounds(
        metric=metric,
        assumption="plausible" if assumption == "plausible" else "any",
        within=Interval(low=low, high=high),
        with_chance=Interval(low=least, high=most),
        n=found.n,
        unknown=found.unknown,
    )


def _by_version(found: Mapping[UUID, Sequence[Band]]) -> Shares:
    asked, known = ([float(sum(getattr(band, name) for band in mine)) for mine in found.values()] for name in ("asked", "known"))
    return Shares(np.array(asked), np.array(known))


def _spread(sides: Sequence[Mature]) -> float:
    """Return how much more unevenly outcomes arrive over applicants than independent ones."""
    clusters = Clusters.merged(one.counted.sketch.clusters for one in sides)
    return 1.0 if clusters is None else label_spread(clusters.row("asked"), clusters.row("labelled"))


def _words(sides: Sequence[Mature], found: Mapping[UUID, Sequence[Band]], by_score: bool, by_version: bool, declared: Sequence[str]) -> list[str]:
    told = []
    if declared:
        told.append(f"The group says that outcomes exist for {', '.join(declared)} only.")
    if by_score:
        label, mine = max(((one.member.label, found[one.member.version_id]) for one in sides), key=lambda one: shares_of(one[1]).gap)
        most, least = (pick(mine, key=lambda band: band.known / max(band.asked, 1)) for pick in (max, min))
        told.append(
            f"The share of outcomes that came in depends on the score beyond chance: {label} has {_part(most)} of them at scores from {_span(most)} "
            f"and {_part(least)} from {_span(least)}."
        )
    if by_version:
        shares = ", ".join(f"{one.member.label} has {_whole(found[one.member.version_id])}" for one in sides)
        told.append(f"The share of outcomes that came in differs between the versions beyond chance: {shares}.")
    return told


def _span(band: Band) -> str:
    return f"{band.low:.3g} to {band.high:.3g}"


def _part(band: Band) -> str:
    return f"{band.known / max(band.asked, 1):.0%}".replace("%", " %")


def _whole(mine: Sequence[Band]) -> str:
    asked = sum(band.asked for band in mine)
    return f"{sum(band.known for band in mine) / max(asked, 1):.0%}".replace("%", " %")
