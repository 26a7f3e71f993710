"""One contender's figures from its columns of scores, outcomes and latencies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Row

from backend.numerics import calibration, discrimination, estimate, proportions
from backend.numerics.estimate import Estimate, Floats
from backend.numerics.quantiles import quantile
from backend.numerics.sample_ratio import sample_ratio
from schemas.common import Interval
from schemas.groups import Contender, Latency, Member, MemberRole, MetricEstimate, SampleRatio, ScoreBin

BINS = 20
LARGEST = 1e12
"""Stands for an infinite chi-square, which JSON cannot say."""


@dataclass(frozen=True)
class Columns:
    """A version's answered predictions in one phase. `truths` and `judged` [m] are outcomes and scores of those whose outcome is known."""

    n: int
    scores: Floats
    latencies: Floats
    truths: Floats
    judged: Floats

    @property
    def binary(self) -> bool:
        """Are the outcomes those of a yes-or-no decision?"""
        return bool(len(self.truths) and np.isin(self.truths, (0.0, 1.0)).all())


def columns_of(row: Row[Any]) -> Columns:
    """Columns from what `log_queries.phase_columns` reads: big-endian float64 bytes, NaN for what is not there."""
    scores, actuals, latencies = (np.frombuffer(part or b"", dtype=">f8").astype(np.float64) for part in (row.scores, row.actuals, row.latencies))
    known = ~np.isnan(actuals) & ~np.isnan(scores)
    return Columns(row.n, scores[~np.isnan(scores)], latencies[~np.isnan(latencies)], actuals[known], scores[known])


NOTHING = Columns(0, np.empty(0), np.empty(0), np.empty(0), np.empty(0))


def contender(member: Member, columns: Columns | None, total: int, threshold: float) -> Contender:
    """A member's figures; `total` counts everybody's answers, of which a shadow's copies are none. Without outcomes of 0 and 1, no metrics of decisions."""
    mine = columns or NOTHING
    truths, judged = (mine.truths, mine.judged) if mine.binary else (np.empty(0), np.empty(0))
    counts = proportions.confusion(truths, judged, threshold)
    return Contender(
        version_id=member.version_id,
        label=member.label,
        model_name=member.model_name,
        role=member.role,
        share=member.share,
        n=mine.n,
        n_labelled=len(mine.truths),
        observed_share=mine.n / total if total and member.role is not MemberRole.SHADOW else 0.0,
        positive_rate=float(truths.mean()) if len(truths) else None,
        mean_score=_metric(estimate.mean(mine.scores)),
        accuracy=_metric(proportions.accuracy(counts)),
        precision=_metric(proportions.precision(counts)),
        recall=_metric(proportions.recall(counts)),
        f1=_metric(proportions.f1(counts)),
        roc_auc=_metric(discrimination.roc_auc(truths, judged)),
        pr_auc=_metric(discrimination.pr_auc(truths, judged)),
        brier=_metric(calibration.brier(truths, judged)),
        log_loss=_metric(calibration.log_loss(truths, judged)),
        calibration_error=_metric(calibration.calibration_error(truths, judged)),
        latency=_latency(mine.latencies),
        scores=_bins(mine.scores),
    )


def ratio(answering: Sequence[Member], columns: Mapping[UUID, Columns]) -> SampleRatio | None:
    """Is the split that was asked for the one that happened?"""
    counts = [columns.get(member.version_id, NOTHING).n for member in answering]
    found = sample_ratio(counts, [member.share for member in answering])
    return SampleRatio(chi_square=min(float(found.chi_square), LARGEST), p_value=float(found.p_value), ok=bool(found.ok)) if found else None


def _metric(found: Estimate) -> MetricEstimate:
    value, low, high = (None if figure is None else float(figure) for figure in (found.value, found.low, found.high))  # some are numpy's
    interval = Interval(low=low, high=high) if low is not None and high is not None else None
    return MetricEstimate(value=value, interval=interval, n=int(found.n))


def _latency(latencies: Floats) -> Latency | None:
    if len(latencies) == 0:
        return None
    p50, p95, p99 = (quantile(latencies, q).value or 0.0 for q in (0.5, 0.95, 0.99))
    return Latency(p50_us=p50, p95_us=p95, p99_us=p99)


def _bins(scores: Floats) -> list[ScoreBin]:
    if len(scores) == 0:
        return []
    low, high = float(scores.min()), float(scores.max())
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    counts, edges = np.histogram(scores, bins=BINS, range=(low, high))
    return [ScoreBin(low=float(a), high=float(b), count=int(c)) for a, b, c in zip(edges[:-1], edges[1:], counts, strict=True)]
