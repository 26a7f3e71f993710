"""The comparison in plain words, for people who decide."""

from collections.abc import Sequence

from backend.comparison.figures import Standing
from backend.comparison.maturity import Cut
from backend.comparison.selection import QUESTION, Selection
from backend.comparison.verdict import VALUE, Judgement, Side, figure
from backend.numerics.statistics.sequential import MINIMUM
from backend.plural import plural
from schemas.comparison import Conclusion, Difference, SampleRatio
from schemas.groups import MemberRole

WORDS = {
    "brier": "Brier score (lower is better)",
    "log_loss": "log loss (lower is better)",
    "accuracy": "accuracy (higher is better)",
    "roc_auc": "ROC AUC (higher is better)",
    "mae": "mean absolute error (lower is better)",
    "rmse": "mean squared error (lower is better)",
    "value": "value per application (higher is better)",
}
SURE = "Looking often does no harm: between equal versions, at most 1 comparison in 20 ever names a leader, however often it is looked at."
SPAN = ((172_800, 86_400, "day"), (7_200, 3_600, "hour"), (0, 60, "minute"))


def conclude(
    judged: Judgement,
    champion: Side,
    challengers: Sequence[Side],
    standings: Sequence[Standing],
    ratio: SampleRatio | None,
    cut: Cut,
    now: float,
    selection: Selection,
) -> Conclusion:
    """Return the text; its state decides the colour on screen."""
    waiting = _waiting(standings, cut, now)
    by_id = {difference.version_id: difference for difference in judged.differences if not difference.paired}
    if not challengers:
        told = _shadows(judged)
        advice = (
            _with_shadows(judged) if told else "Add a challenger with a small share of the traffic, or a shadow, to see whether another version does better."
        )
        return Conclusion(state="alone", headline="The champion alone answers.", margin=told, certainty=SURE if told else "", waiting=waiting, advice=advice)
    if ratio and not ratio.ok:
        advice = "Find out why before deciding: a challenger that fails or lacks features, or callers that repeat some kinds of request, are the usual reasons."
        headline = "The traffic split is not as configured."
        return Conclusion(state="mismatch", headline=headline, margin=ratio.words, certainty="", waiting=waiting, advice=advice)
    if selection.selective and judged.metric != VALUE:
        margin = f"{selection.words} Figures on outcomes are of each version’s own approved requests, so they are not compared."
        return Conclusion(state="selective", headline="No verdict on outcomes.", margin=margin, certainty="", waiting=waiting, advice=_asked(selection))
    if judged.metric == VALUE and judged.early and not judged.differences:
        advice = "State what is missing on the group’s Decisions page, or compare on the group’s metric."
        return Conclusion(state="early", headline="No verdict on value.", margin=judged.text, certainty="", waiting=waiting, advice=advice)
    if judged.early:
        counts = ", ".join(f"{side.member.label} has {side.all.n:,}" for side in (champion, *challengers))
        short = any(side.all.n < MINIMUM for side in (champion, *challengers))
        margin = f"Each version needs {MINIMUM} outcomes of requests that are old enough: {counts}." if short else judged.text
        advice = "Nothing to do but wait. Figures move as outcomes come in."
        return Conclusion(state="early", headline="Not enough data to call a winner.", margin=margin, certainty="", waiting=waiting, advice=advice)
    if judged.leader is None:
        best = max(by_id.values(), key=lambda one: one.value or 0.0)
        advice = _patience(best)
        margin = _gap(best, champion, challengers, judged.metric) + _shadows(judged, " ")
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


def _asked(selection: Selection) -> str:
    """Return what to do when outcomes are selective."""
    if not selection.declared:
        return QUESTION
    return "Decide on what does not need hidden outcomes: the approval rate, the bad rate among the approved, the value per application, or shadows."


def _gap(gap: Difference, champion: Side, challengers: Sequence[Side], metric: str) -> str:
    """Return the difference and its interval as text."""
    side = next(one for one in challengers if one.member.version_id == gap.version_id)
    mine, theirs = figure(side, metric), figure(champion, metric)
    assert gap.value is not None
    assert gap.interval is not None
    ahead, behind = (side.member.label, champion.member.label) if gap.value > 0 else (champion.member.label, side.member.label)
    words = f"On the {WORDS[metric]} {side.member.label} has {mine:.4f}, {champion.member.label} {theirs:.4f}"
    near, far = sorted((abs(gap.interval.low), abs(gap.interval.high)))
    if gap.better is None:
        high, low = (gap.interval.high, -gap.interval.low) if gap.value > 0 else (-gap.interval.low, gap.interval.high)
        return f"{words}. The true difference may be anything from {low:.2g} in {behind}’s favour to {high:.2g} in {ahead}’s: too wide to tell."
    part = f", {abs(gap.value) / abs(theirs):.1%}".replace("%", " %") if theirs else ""
    return f"{words}: {ahead} is better by {abs(gap.value):.4f}{part}. The true difference is, with 95 % certainty, between {near:.2g} and {far:.2g}."


def _patience(best: Difference) -> str:
    if best.needed is None:
        return "Let it run on. If it matters that the versions may be about equal, keep the champion: nothing says that a change would help."
    return f"Let it run on: if the difference stays as it is, about {plural(best.needed, 'more outcome')} would decide."


def _shadows(judged: Judgement, before: str = "") -> str:
    """Return what shadows would have done on the same requests."""
    told = [_shadow(gap) for gap in judged.differences if gap.paired and gap.value is not None]
    return before + " ".join(told) if told else ""


def _shadow(gap: Difference) -> str:
    assert gap.value is not None
    side = "better" if gap.value > 0 else "worse"
    sure = ", which may be chance" if gap.better is None else ""
    return f"As a shadow on the same {plural(gap.n, 'request')}, {gap.label} would have done {side} than the answers given, by {abs(gap.value):.4f}{sure}."


def _with_shadows(judged: Judgement) -> str:
    good = [gap.label for gap in judged.differences if gap.paired and gap.better]
    if good:
        return f"{good[0]} can be promoted, or be given a small share of the traffic as a challenger first."
    return "Let the shadow score on, or give it a small share of the traffic as a challenger: only answers that are acted on show what they lead to."


def _waiting(standings: Sequence[Standing], cut: Cut, now: float) -> str:
    """Return what has not arrived yet."""
    answering = [one for one in standings if not one.shadow and one.lot.sketch.rows]
    if not answering:
        return "Nothing has been answered in this phase yet."
    shares = ", ".join(f"{_share(one.compared.labelled, one.compared.sketch.rows)} of {one.member.label}’s" for one in answering)
    young = sum(one.lot.sketch.rows - one.compared.sketch.rows for one in answering)
    words = f"Outcomes in: {shares}."
    if cut.at is not None and young:
        left = f"{plural(young, 'request')} younger than {_span(now - cut.at)} {'is' if young == 1 else 'are'} left out"
        words += f" {left}, so that only requests of the same age are compared."
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
    return plural(count, name)
