"""Prometheus series of serving. Tenants appear by id, never by name."""

from collections.abc import Iterator
from typing import Final, Protocol
from uuid import UUID

from prometheus_client import Counter, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from backend.declarations.metrics import DURATIONS, REGISTRY

PREDICTIONS = Counter("ml_predictions", "Predictions answered.", ("tenant", "group"), registry=REGISTRY)
REFUSALS = Counter("ml_prediction_refusals", "Refused requests, by the error's reason.", ("tenant", "group", "reason"), registry=REGISTRY)
DURATION = Histogram("ml_prediction_duration_seconds", "From the routed request to its answer.", ("tenant", "group"), registry=REGISTRY, buckets=DURATIONS)
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
    """The series of one group, looked up once."""

    def __init__(self, tenant: str, group: str) -> None:
        self._labels = tenant, group
        self._answered = PREDICTIONS.labels(tenant, group)
        self._seconds = DURATION.labels(tenant, group)

    def answered(self, count: int, seconds: float) -> None:
        """Count a request answered with `count` predictions."""
        self._answered.inc(count)
        self._seconds.observe(seconds)

    def refused(self, reason: str) -> None:
        """Count a refused request."""
        REFUSALS.labels(*self._labels, reason).inc()


_series: dict[UUID, GroupSeries] = {}
_other = GroupSeries("other", "other")


def series_of(group_id: UUID, tenant_id: UUID, slug: str) -> GroupSeries:
    """Return the series of a group."""
    found = _series.get(group_id)
    if found is None:
        if len(_series) >= MOST_GROUPS:
            return _other
        found = _series[group_id] = GroupSeries(str(tenant_id), slug)
    return found
