"""Prometheus series of serving. Tenants appear by id, never by name."""

from typing import Final
from uuid import UUID

from prometheus_client import Counter, Histogram

from backend.declarations.metrics import DURATIONS, REGISTRY

PREDICTIONS = Counter("ml_predictions", "Predictions answered.", ("tenant", "group"), registry=REGISTRY)
REFUSALS = Counter("ml_prediction_refusals", "Refused requests, by the error's reason.", ("tenant", "group", "reason"), registry=REGISTRY)
DURATION = Histogram("ml_prediction_duration_seconds", "From the routed request to its answer.", ("tenant", "group"), registry=REGISTRY, buckets=DURATIONS)
MOST_GROUPS: Final = 1_000
"""Groups that are counted by name in one process; those after them are counted together as `other`."""


class GroupSeries:
    """The series of one group, found once."""

    def __init__(self, tenant: str, group: str) -> None:
        self._labels = tenant, group
        self._answered = PREDICTIONS.labels(tenant, group)
        self._seconds = DURATION.labels(tenant, group)

    def answered(self, count: int, seconds: float) -> None:
        """A request was answered with `count` predictions."""
        self._answered.inc(count)
        self._seconds.observe(seconds)

    def refused(self, reason: str) -> None:
        """A request was refused."""
        REFUSALS.labels(*self._labels, reason).inc()


_series: dict[UUID, GroupSeries] = {}
_other = GroupSeries("other", "other")


def series_of(group_id: UUID, tenant_id: UUID, slug: str) -> GroupSeries:
    """The series of a group."""
    found = _series.get(group_id)
    if found is None:
        if len(_series) >= MOST_GROUPS:
            return _other
        found = _series[group_id] = GroupSeries(str(tenant_id), slug)
    return found
