"""The comparison in plain words, for people who decide and do not read intervals for a living."""

from collections.abc import Sequence

from backend.inference.contenders import Standing
from backend.inference.maturity import Cut
from backend.inference.verdict import Judged, Side, figure
from backend.numerics.sequential import MINIMUM
from schemas.comparison import Conclusion, Difference, SampleRatio
from schemas.groups import MemberRole

WORDS = {
    "brier": "Brier score (the mean squared gap between score and outcome)",
    "log_loss": "log loss",
    "accuracy": "accuracy",
    "mae": "mean absolute error",
    "rmse": "mean squared error",
}
SURE = "This holds however often you look: at most 1 comparison in 20 between equal versions would ever name a leader."
SPAN = ((172_800, 86_400, "day"), (7_200, 3_600, "hour"), (0, 60, "minute"))


def conclude(
    judged: Judged, champion: Side, challengers: Sequence[Side], standings: Sequence[Standing], ratio: SampleRatio | None, cut: Cut, now: float
) -> Conclusion:
    """The words; the state is what a screen colours by."""
    waiting = _waiting(standings, cut, now)
    by_id = {difference.version_id: difference for difference in judged.differences if not difference.paired}
    if not challengers:
        shadows = _shadows(judged)
        advice = "Add a challenger with a small share of the traffic, or a shadow, to see whether another version does better."
        return Conclusion(state="alone", headline="The champion is alone.", margin=shadows, certainty="", waiting=waiting, advice=advice)
    if ratio and not ratio.ok:
        advice = "Find out why before deciding: a challenger that fails or lacks features, or a few entity keys that ask very often, are the usual reasons."
        headline = "The traffic was not shared as asked."
        return Conclusion(state="mismatch", headline=headline, margin=ratio.words, certainty="", waiting=waiting, advice=advice)
    if judged.text.startswith("Not enough"):
        counts = ", ".join(f"{side.member.label} has {side.all.n:,}" for side in (champion, *challengers))
        margin = f"Each version needs {MINIMUM} outcomes of requests that are old enough: {counts}."
        advice = "Nothing to do but wait. Figures move as outcomes come in."
        return Conclusion(state="early", headline="Too early to say.", margin=margin, certainty="", waiting=waiting, advice=advice)
    if judged.leader is None:
        best = max(by_id.values(), key=lambda one: one.value or 0.0)
        advice = _patience(best)
        margin = f"{_gap(best, champion, challengers, judged.metric)} That may be chance."
        return Conclusion(state="open", headline="No leader yet.", margin=margin, certainty=SURE, waiting=waiting, advice=advice)
    if judged.leader.role is MemberRole.CHAMPION:
        best = max(by_id.values(), key=lambda one: one.value or 0.0)
        others = "the challenger" if len(challengers) == 1 else "every challenger"
        advice = f"Keep {judged.leader.label}. {others.capitalize()} can give its traffic back."
    else:
        best = by_id[judged.leader.version_id]
        advice = f"{judged.leader.label} can be promoted on this evidence."
    margin = _gap(best, champion, challengers, judged.metric) + _shadows(judged, " ")
    return Conclusion(state="leads", headline=f"{judged.leader.label} leads.", margin=margin, certainty=SURE, waiting=waiting, advice=advice)


def _gap(gap: Difference, champion: Side, challengers: Sequence[Side], metric: str) -> str:
    """By how much, both ways of saying it."""
    side = next(one for one in challengers if one.member.version_id == gap.version_id)
    mine, theirs = figure(side, metric), figure(champion, metric)
    assert gap.value is not None
    direction = ("higher" if gap.value > 0 else "lower") if metric == "accuracy" else ("lower" if gap.value > 0 else "higher")
    ends = sorted((gap.value, gap.value) if gap.interval is None else (gap.interval.low, gap.interval.high), reverse=gap.value < 0)
    size = [f"{abs(end):.4g}" if (end > 0) == (gap.value > 0) else f"−{abs(end):.4g}" for end in ends]
    relative = f", {abs(gap.value) / abs(theirs):.1%}".replace("%", " %") if theirs else ""
    word = "better" if gap.value > 0 else "worse"
    return (
        f"{side.member.label}’s {WORDS[metric]} is {mine:.4g}, {champion.member.label}’s {theirs:.4g}: {abs(gap.value):.4g} {direction}{relative} {word}. "
        f"With 95 % certainty it is between {size[0]} and {size[1]} {direction}."
    )


def _patience(best: Difference) -> str:
    if best.needed is None:
        return "Let it run on. If it matters that the versions may be about equal, keep the champion: nothing says that a change would help."
    return f"Let it run on: if the difference stays as it is, about {best.needed:,} more outcomes decide."


def _shadows(judged: Judged, before: str = "") -> str:
    """What shadows would have done on the very same requests."""
    told = [
        f"As a shadow on the same {gap.n:,} requests, {gap.label} did {'better' if gap.better else 'worse'} than the answers given."
        for gap in judged.differences
        if gap.paired and gap.better is not None
    ]
    return before + " ".join(told) if told else ""


def _waiting(standings: Sequence[Standing], cut: Cut, now: float) -> str:
    """What is not in yet."""
    answering = [one for one in standings if not one.shadow and one.lot.sketch.rows]
    if not answering:
        return "Nothing has been answered in this phase yet."
    shares = ", ".join(f"{_share(one.compared.labelled, one.compared.sketch.rows)} of {one.member.label}’s" for one in answering)
    young = sum(one.lot.sketch.rows - one.compared.sketch.rows for one in answering)
    words = f"Outcomes in: {shares}."
    if cut.at is not None and young:
        words += f" {young:,} requests younger than {_span(now - cut.at)} are left out, so that only requests of the same age are compared."
    low, high = (pick(_part(one) for one in answering) for pick in (min, max))
    if high - low > 0.1 and len(answering) > 1:
        words += " One version’s outcomes are missing more often than another’s: what is missing may not be like what is in."
    return words


def _part(standing: Standing) -> float:
    rows = standing.compared.sketch.rows
    return standing.compared.labelled / rows if rows else 0.0


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}".replace("%", " %") if whole else "none"


def _span(seconds: float) -> str:
    length, name = next(one[1:] for one in SPAN if seconds >= one[0])
    count = max(round(seconds / length), 1)
    return f"{count} {name}{'s' if count > 1 else ''}"
