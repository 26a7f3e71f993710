"""Who leads, in words: an always-valid comparison on the group's decision metric, which may be looked at any time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from backend.inference.contenders import NOTHING, Columns
from backend.numerics import calibration
from backend.numerics.estimate import Floats
from backend.numerics.sequential import ALPHA, MINIMUM, Moments
from backend.numerics.sequential import Sequence as Difference
from backend.numerics.sequential import compare as compare_losses
from schemas.groups import Member, MemberRole

NAMES = {"brier": "Brier", "log_loss": "log loss", "accuracy": "accuracy"}


@dataclass(frozen=True)
class Side:
    """A member with the losses of its judged predictions, and how the metric reads."""

    member: Member
    losses: Moments
    figure: float


def verdict(answering: Sequence[Member], columns: Mapping[UUID, Columns], metric: str, threshold: float) -> tuple[str, UUID | None]:
    """The verdict in words and the leader, if there is one. Each challenger is compared with the champion, corrected for their number."""
    sides = [_side(member, columns.get(member.version_id, NOTHING), metric, threshold) for member in answering]
    champion = next(side for side in sides if side.member.role is MemberRole.CHAMPION)
    challengers = [side for side in sides if side is not champion]
    if not challengers:
        return "There is no challenger to compare with.", None
    if short := [side for side in sides if side.losses.n < MINIMUM]:
        counts = ", ".join(f"{side.member.label} has {side.losses.n}" for side in short)
        return f"Not enough outcomes yet: {counts} of the {MINIMUM} it takes.", None
    found = [(side, compare_losses(champion.losses, side.losses, comparisons=len(challengers))) for side in challengers]
    winners = [(side, gap) for side, gap in found if gap.low is not None and gap.low > 0]
    if winners:
        side, gap = min(winners, key=lambda one: one[0].losses.mean)
        return _words(side, champion, gap, metric), side.member.version_id
    side, gap = min(found, key=lambda one: one[0].losses.mean)
    if all(gap.high is not None and gap.high < 0 for _, gap in found):
        return _words(champion, side, _turned(gap), metric), champion.member.version_id
    name = NAMES[metric]
    figures = f"{side.member.label} {side.figure:.3f}, {champion.member.label} {champion.figure:.3f}"
    return f"No leader on {name} yet: {figures}, difference {_gap(gap)}; always-valid {_level()}.", None


def _side(member: Member, columns: Columns, metric: str, threshold: float) -> Side:
    losses = _losses(columns, metric, threshold) if columns.binary else np.empty(0)
    moments = Moments.of(losses)
    return Side(member, moments, 1 - moments.mean if metric == "accuracy" else moments.mean)


def _losses(columns: Columns, metric: str, threshold: float) -> Floats:
    match metric:
        case "log_loss":
            return calibration.log_losses(columns.truths, columns.judged)
        case "accuracy":
            wrong = (columns.judged >= threshold) != (columns.truths > 0.5)
            return np.asarray(wrong, dtype=np.float64)
        case _:
            return calibration.brier_losses(columns.truths, columns.judged)


def _turned(gap: Difference) -> Difference:
    assert gap.difference is not None
    assert gap.low is not None
    assert gap.high is not None
    return Difference(-gap.difference, -gap.high, -gap.low, gap.n)


def _words(leader: Side, other: Side, gap: Difference, metric: str) -> str:
    figures = f"{leader.figure:.3f} vs {other.figure:.3f}"
    return f"{leader.member.label} leads on {NAMES[metric]}: {figures}, difference {_gap(gap)}; always-valid {_level()}."


def _gap(gap: Difference) -> str:
    return f"{gap.difference:.3f} [{gap.low:.3f}, {gap.high:.3f}]"


def _level() -> str:
    return f"{1 - ALPHA:.0%}".replace("%", " %")
