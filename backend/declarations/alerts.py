"""Alert kinds and checks, as slices declare them in their `alerts.py`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from schemas.alerts import Severity

H = TypeVar("H")
W = TypeVar("W")


@dataclass(frozen=True)
class Finding:
    """A fact that somebody should know, about one subject (`group:credit`)."""

    kind: str
    subject: str
    severity: Severity
    message: str
    recommendation: str


@dataclass(frozen=True)
class AlertKind:
    """One kind of alert: its severity, what it says, and what to do about it, unless a finding says otherwise."""

    name: str
    severity: Severity
    words: str
    recommendation: str

    def found(self, subject: str, message: str, severity: Severity | None = None) -> Finding:
        """A finding of this kind."""
        return Finding(self.name, subject, severity or self.severity, message, self.recommendation)


@dataclass(frozen=True)
class Check(Generic[W]):
    """How alerts of some kinds are found for one tenant, in a read-only unit of work. A check that raises leaves the alerts of its kinds as they are."""

    kinds: Sequence[AlertKind]
    find: Callable[[W], Awaitable[Sequence[Finding]]]


@dataclass(frozen=True)
class CheckContext(Generic[H]):
    """What a worker process gives to `checks` of a slice, once: its hub, and what loads a version as serving does."""

    hub: H
    load: Callable[[Any], Awaitable[object]]
