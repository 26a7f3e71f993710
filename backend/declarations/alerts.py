"""Alert kinds and checks, as slices declare them in their `alerts.py`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from schemas.alerts import Severity

H = TypeVar("H")
W = TypeVar("W")


@dataclass(frozen=True)
class Finding:
    """A fact about one subject (`group:credit`) that needs attention."""

    kind: str
    subject: str
    severity: Severity
    message: str
    recommendation: str


@dataclass(frozen=True)
class AlertKind:
    """One kind of alert: its severity, text and recommendation. A finding may override them."""

    name: str
    severity: Severity
    words: str
    recommendation: str

    def found(self, subject: str, message: str, severity: Severity | None = None) -> Finding:
        """Return a finding of this kind."""
        return Finding(self.name, subject, severity or self.severity, message, self.recommendation)


@dataclass(frozen=True)
class Check(Generic[W]):
    """One check for alerts of some kinds, for one tenant, in a read-only unit of work. A check that raises leaves its alerts unchanged."""

    kinds: Sequence[AlertKind]
    find: Callable[[W], Awaitable[Sequence[Finding]]]


@dataclass(frozen=True)
class CheckContext(Generic[H]):
    """What a worker process passes once to each slice's `checks`: its hub, and the loader of versions."""

    hub: H
    load: Callable[[Any], Awaitable[object]]
