"""Estimates as metrics of a document. What cannot be computed is no metric: the reason goes to the notes."""

import math

from backend.numerics.statistics.estimate import Estimate
from schemas.common import Interval
from schemas.model_document import Metric, Split


def metric(
    name: str,
    found: Estimate,
    split: Split,
    *,
    slice: str | None = None,
    cls: str | None = None,
    average: str | None = None,
    threshold: float | None = None,
    on: dict[str, str] | None = None,
) -> list[Metric]:
    """Return the metric, or nothing where the estimate has no finite value."""
    if found.value is None or not math.isfinite(found.value):
        return []
    interval = None
    if found.low is not None and found.high is not None and math.isfinite(found.low) and math.isfinite(found.high):
        interval = Interval(low=found.low, high=found.high)
    return [Metric(name=name, value=found.value, split=split, ci=interval, n=found.n, slice=slice, cls=cls, average=average, threshold=threshold, on=on or {})]
