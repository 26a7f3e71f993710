"""One contender's figures, from counts and sums of its predictions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from backend.comparison.decided import DecidedFigures
from backend.comparison.maturity import Cohort, Cut
from backend.comparison.selection import bounds_of, on_whom
from backend.comparison.verdict import Rule
from backend.numerics.statistics import calibration, discrimination, estimate, proportions
from backend.numerics.statistics.binning import Ints
from backend.numerics.statistics.clusters import Clusters, spread
from backend.numerics.statistics.counted import Counted, Levels
from backend.numerics.statistics.estimate import Estimate
from backend.numerics.statistics.quantiles import quantile
from backend.numerics.statistics.sample_ratio import sample_ratio
from backend.numerics.statistics.sketch import UNIT
from backend.plural import plural
from schemas.common import Interval
from schemas.comparison import NO_ESTIMATE, CohortCount, Latency, MetricEstimate, SampleRatio, Scale, ScoreBin
from schemas.groups import Member, MemberRole
from schemas.promotion import Contender

BINS = 20
LARGEST = 1e12
"""Replaces an infinite chi-square, which JSON cannot express."""
MOST_COHORTS = 60
OF_PROBABILITIES = ("brier", "brier_skill", "log_loss", "calibration_error")
"""Metrics of the distance to 0 or 1, which mean nothing for points."""
OFTEN = 1.5
"""Requests that vary more than this are reported as coming from frequent entities."""


@dataclass(frozen=True)
class Standing:
    """A member's predictions in a phase. `lot` are randomly assigned (for a shadow: all copies), `compared` those of them that are old enough.

    `answered` and `labelled` count all its predictions. `failed` and `replaced` count assigned requests that it did not answer: nobody did, or the champion
    did.
    """

    member: Member
    lot: Counted
    compared: Counted
    answered: int
    labelled: int
    failed: int
    replaced: int
    cohorts: Sequence[Cohort]

    @property
    def shadow(self) -> bool:
        """Return whether it answers no callers."""
        return self.member.role is MemberRole.SHADOW


def contender(standing: Standing, total: int, rule: Rule, scale: Scale, cut: Cut, selective: bool, decided: DecidedFigures) -> Contender:
    """Return a member's figures; `total` counts all answers, without shadows' copies.

    With `selective` outcomes, it says which applicants its figures cover, and their bounds for everyone.
    """
    member, old = standing.member, standing.compared
    asked = standing.lot.sketch.rows + standing.failed + standing.replaced
    return Contender(
        version_id=member.version_id,
        label=member.label,
        model_name=member.model_name,
        role=member.role,
        share=member.share,
        n=standing.answered,
        n_labelled=standing.labelled,
        n_compared=old.sketch.rows,
        n_compared_labelled=old.labelled,
        observed_share=standing.answered / total if total and not standing.shadow else 0.0,
        positive_rate=_positive_rate(old) if scale != "number" else None,
        mean_score=_metric(_mean_score(standing.lot)),
        **(_of_numbers(old) if scale == "number" else _of_decisions(old, rule, scale)),
        error_rate=_metric(proportions.wilson(standing.failed, asked)),
        fallback_rate=NO_ESTIMATE if member.role is not MemberRole.CHALLENGER else _metric(proportions.wilson(standing.replaced, asked)),
        latency=_latency(standing.lot.times),
        scores=_bins(standing.lot.levels),
        cohorts=[_cohort(one, cut) for one in coarser(standing.cohorts)],
        outcomes_on=on_whom(selective, standing.shadow),
        bounds=bounds_of(old, scale, rule.lower) if selective else [],
        approval_rate=_metric(decided.approval_rate),
        bad_rate=_metric(decided.bad_rate),
        value=_metric(decided.value),
        value_clipped=decided.clipped,
        explored=None,
    )


def _of_decisions(counted: Counted, rule: Rule, scale: Scale) -> dict[str, MetricEstimate]:
    """Return the figures of scores for yes or no: of their rank and labels, and for probabilities of their values too."""
    levels, n, sums = rule.levels(counted.levels), counted.labelled, counted.sketch.sums
    counts, auc = proportions.confusion(levels, rule.at), discrimination.roc_auc(levels)
    brier = estimate.mean_of(n, sums.get("squared", 0) / UNIT, sums.get("fourth", 0) / UNIT, bounds=(0.0, 1.0))
    found = {
        "accuracy": proportions.accuracy(counts),
        "precision": proportions.precision(counts),
        "recall": proportions.recall(counts),
        "f1": proportions.f1(counts),
        "roc_auc": auc,
        "gini": discrimination.gini(auc),
        "ks": discrimination.kolmogorov_smirnov(levels),
        "pr_auc": discrimination.pr_auc(levels),
        "brier": brier,
        "brier_skill": calibration.brier_skill(brier.value or 0.0, levels),
        "log_loss": estimate.mean_of(n, sums.get("log", 0) / UNIT, sums.get("log_squared", 0) / UNIT, bounds=(0.0, np.inf)),
        "calibration_error": calibration.calibration_error(levels),
    }
    if scale == "points":
        return dict.fromkeys(OF_PROBABILITIES, NO_ESTIMATE) | {name: _metric(one) for name, one in found.items() if name not in OF_PROBABILITIES}
    return {name: _metric(one) for name, one in found.items()}


def _of_numbers(counted: Counted) -> dict[str, MetricEstimate]:
    """Return the figures of scores that estimate a number. Figures of decisions do not apply."""
    n, sums = counted.labelled, {name: total / UNIT for name, total in counted.sketch.sums.items()}
    error, absolute, squared, fourth = (sums.get(name, 0.0) for name in ("error", "absolute", "squared", "fourth"))
    mean_squared = estimate.mean_of(n, squared, fourth, bounds=(0.0, np.inf))
    value, low, high = (None if end is None else float(np.sqrt(end)) for end in (mean_squared.value, mean_squared.low, mean_squared.high))
    found = {
        "mae": estimate.mean_of(n, absolute, squared, bounds=(0.0, np.inf)),
        "rmse": Estimate(value, low, high, n),
        "mean_error": estimate.mean_of(n, error, squared),
    }
    nothing = ("accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc", "brier", "log_loss", "calibration_error")
    return dict.fromkeys(nothing, NO_ESTIMATE) | {name: _metric(one) for name, one in found.items()}


def ratio(standings: Sequence[Standing]) -> SampleRatio | None:
    """Return whether the actual split of randomly assigned requests is the configured one."""
    answering = [one for one in standings if not one.shadow]
    counts, shares = [one.lot.sketch.rows for one in answering], [one.member.share for one in answering]
    often = _spread(answering)
    found = sample_ratio(counts, shares, often)
    if found is None:
        return None
    asked, seen = (" / ".join(f"{100 * part / sum(parts):.4g}" for part in parts) for parts in (shares, counts))
    words = f"Asked for {asked} %, got {seen} % of {plural(sum(counts), 'request')} drawn by lot: "
    words += (
        "entities that ask often may do that, as each is always asked of the same version."
        if found.ok and often > OFTEN
        else "the split is as configured."
        if found.ok
        else "chance does not explain that. The versions may not have met the same kind of request, so their figures cannot be compared."
    )
    return SampleRatio(chi_square=min(float(found.chi_square), LARGEST), p_value=float(found.p_value), ok=bool(found.ok), words=words)


def _spread(answering: Sequence[Standing]) -> float:
    """Return how much more their requests vary than independent ones: a frequent entity always gets the same version."""
    return spread_of((one.member, one.lot.sketch.clusters) for one in answering)


def spread_of(clusters: Iterable[tuple[Member, Clusters | None]]) -> float:
    """Return the same from members' requests by cluster."""
    asked = [(found.row("asked"), _buckets(member)) for member, found in clusters if found]
    return spread([counts for counts, _ in asked], [buckets for _, buckets in asked])


def _buckets(member: Member) -> Ints:
    return np.array([bucket for span in member.ranges for bucket in range(span.start, span.end)], dtype=np.int64)


def coarser(cohorts: Sequence[Cohort]) -> list[Cohort]:
    """Return at most `MOST_COHORTS` cohorts by merging neighbours, so that a long phase is still a short list."""
    ordered = sorted(cohorts, key=lambda one: one.start)
    size = -(-len(ordered) // MOST_COHORTS) if ordered else 1
    parts = [ordered[at : at + size] for at in range(0, len(ordered), size)]
    return [Cohort(part[0].start, part[-1].end - part[0].start, sum(one.n for one in part), sum(one.labelled for one in part)) for part in parts]


def _cohort(one: Cohort, cut: Cut) -> CohortCount:
    start = datetime.fromtimestamp(one.start, UTC)
    return CohortCount(start=start, seconds=one.seconds, n=one.n, labelled=one.labelled, compared=cut.takes(one.start, one.seconds))


def _positive_rate(counted: Counted) -> float | None:
    return counted.sketch.sums.get("actual", 0) / UNIT / counted.labelled if counted.labelled else None


def _mean_score(counted: Counted) -> Estimate:
    """Return the mean score. Its sum is exact; the spread for the interval comes from the bins."""
    often, score = counted.levels.all, counted.levels.middle
    n, total = int(often.sum()), counted.sketch.sums.get("score", 0) / UNIT
    centre = total / n if n else 0.0
    return estimate.mean_of(n, total, float(often @ (score - centre) ** 2) + n * centre**2)


def _metric(found: Estimate) -> MetricEstimate:
    value, low, high = (None if figure is None else float(figure) for figure in (found.value, found.low, found.high))  # some are numpy's
    interval = Interval(low=low, high=high) if low is not None and high is not None else None
    return MetricEstimate(value=value, interval=interval, n=int(found.n), within=float(found.within))


def _latency(times: Levels) -> Latency | None:
    found = [quantile(times, q) for q in (0.5, 0.95, 0.99)]
    values = [one.value for one in found if one.value is not None]
    if len(values) < len(found):
        return None
    p50, p95, p99 = (_metric(one).interval for one in found)
    within = max((one.within / value for one, value in zip(found, values, strict=True) if value > 0), default=0.0)
    return Latency(p50_us=values[0], p95_us=values[1], p99_us=values[2], p50=p50, p95=p95, p99=p99, within=within)


def _bins(levels: Levels) -> list[ScoreBin]:
    often = levels.all
    if not often.any():
        return []
    low, high = float(levels.low[0]), float(levels.high[-1])
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    counts, edges = np.histogram(levels.middle, bins=BINS, range=(low, high), weights=often)
    return [ScoreBin(low=float(a), high=float(b), count=int(c)) for a, b, c in zip(edges[:-1], edges[1:], counts, strict=True)]
