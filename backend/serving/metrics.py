"""Prometheus series of serving. Tenants appear by id, never by name."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Final, Protocol
from uuid import UUID

from prometheus_client import Counter
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from backend.declarations.metrics import DURATIONS, REGISTRY

REFUSALS = Counter("ml_prediction_refusals", "Refused requests, by the error's reason.", ("tenant", "group", "reason"), registry=REGISTRY)
MOST_GROUPS: Final = 1_000
"""Groups counted by name in one process; further ones are counted together as `other`."""


class Leased(Protocol):
    """A holder of a lease on which this process answers."""

    @property
    def age(self) -> float:
        """Return the seconds since the lease was last renewed."""
        ...


class LeaseAge(Collector):
    """The age of this process's lease, measured while the page is written. Absent when the process answers no predictions."""

    def __init__(self) -> None:
        self._leases: set[Leased] = set()

    def watch(self, lease: Leased) -> None:
        """Show the age of this lease."""
        self._leases.add(lease)

    def forget(self, lease: Leased) -> None:
        """Remove the lease."""
        self._leases.discard(lease)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the oldest lease's age."""
        if ages := [lease.age for lease in tuple(self._leases)]:
            yield GaugeMetricFamily("tiltyard_lease_age_seconds", "Since PostgreSQL last renewed the lease on which this process answers.", max(ages))


LEASE_AGE = LeaseAge()
REGISTRY.register(LEASE_AGE)


class GroupSeries:
    """The series of one group. Only the event loop counts, so plain numbers suffice, and cost a prediction less than counters with locks."""

    def __init__(self, tenant: str, group: str) -> None:
        self.labels = tenant, group
        self.predictions = 0
        self.seconds = 0.0
        self.by_bucket = [0] * (len(DURATIONS) + 1)
        """Requests by duration: at most each bound of `DURATIONS`, and longer."""

    def answered(self, count: int, seconds: float) -> None:
        """Count a request answered with `count` predictions."""
        self.predictions += count
        self.seconds += seconds
        self.by_bucket[bisect_left(DURATIONS, seconds)] += 1

    def refused(self, reason: str) -> None:
        """Count a refused request."""
        REFUSALS.labels(*self.labels, reason).inc()


class Answered(Collector):
    """Predictions and their durations by group."""

    def collect(self) -> Iterator[Metric]:
        """Yield both families."""
        predictions = CounterMetricFamily("ml_predictions", "Predictions answered.", labels=("tenant", "group"))
        durations = HistogramMetricFamily("ml_prediction_duration_seconds", "From the routed request to its answer.", labels=("tenant", "group"))
        bounds = [*map(str, DURATIONS), "+Inf"]
        for one in (*_series.values(), _other):
            predictions.add_metric(one.labels, one.predictions)
            durations.add_metric(one.labels, list(zip(bounds, map(float, accumulate(one.by_bucket)), strict=True)), one.seconds)
        yield predictions
        yield durations


_series: dict[UUID, GroupSeries] = {}
_other = GroupSeries("other", "other")
REGISTRY.register(Answered())


def series_of(group_id: UUID, tenant_id: UUID, slug: str) -> GroupSeries:
    """Return the series of a group."""
    found = _series.get(group_id)
    if found is None:
        if len(_series) >= MOST_GROUPS:
            return _other
        found = _series[group_id] = GroupSeries(str(tenant_id), slug)
    return found
