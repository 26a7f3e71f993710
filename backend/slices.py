"""The list of slices and what each declares. Workers, alerts, live events, audit and `/metrics` read it."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol, TypeVar

from backend.access import actions as access_actions
from backend.alerts import actions as alerts_actions
from backend.alerts import events as alerts_events
from backend.alerts import metrics as alerts_metrics
from backend.audit import actions as audit_slice_actions
from backend.catalog import actions as catalog_actions
from backend.comparison import actions as comparison_actions
from backend.comparison import alerts as comparison_alerts
from backend.comparison import runs as comparison_runs
from backend.connectors import actions as connectors_actions
from backend.connectors import runs as connectors_runs
from backend.datasets import actions as datasets_actions
from backend.datasets import events as datasets_events
from backend.datasets import runs as datasets_runs
from backend.decisions import actions as decisions_actions
from backend.decisions import alerts as decisions_alerts
from backend.declarations.actions import AuditAction
from backend.declarations.alerts import AlertKind, Check, CheckContext
from backend.declarations.events import EventKind
from backend.exchange import actions as exchange_actions
from backend.groups import actions as groups_actions
from backend.groups import alerts as groups_alerts
from backend.groups import events as groups_events
from backend.hub import Hub
from backend.importing import actions as importing_actions
from backend.inference_log import actions as inference_log_actions
from backend.inference_log import alerts as inference_log_alerts
from backend.inference_log import events as inference_log_events
from backend.inference_log import metrics as inference_log_metrics
from backend.inference_log import runs as inference_log_runs
from backend.outcomes import actions as outcomes_actions
from backend.promotion import actions as promotion_actions
from backend.promotion import alerts as promotion_alerts
from backend.promotion import runs as promotion_runs
from backend.runs import actions as runs_actions
from backend.runs import alerts as runs_alerts
from backend.runs import events as runs_events
from backend.runs import metrics as runs_metrics
from backend.runs import runs as runs_runs
from backend.runs.kinds import RunKind, Schedule
from backend.serving import alerts as serving_alerts
from backend.serving import runs as serving_runs
from backend.tallies import runs as tallies_runs
from backend.work.unit import UnitOfWork


class Named(Protocol):
    """A declaration with a name of its own."""

    @property
    def name(self) -> str:
        """The name, unique among its sort."""
        ...


T = TypeVar("T", bound=Named)
Checks = Callable[[CheckContext[Hub]], Sequence[Check[UnitOfWork]]]


def constants(module: ModuleType, kind: type[T]) -> tuple[T, ...]:
    """Return every constant of a type that a module defines, in order."""
    return tuple({id(one): one for one in vars(module).values() if isinstance(one, kind)}.values())


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A slice by name, with its declarations. A new sort of declaration is another attribute with an empty default.

    `checks` returns a worker process's checks for `alerts`; each process calls it once. `sample` sets the series of `metrics.py` that count rows in PostgreSQL
    or Redis; it runs before `/metrics` answers.
    """

    name: str
    runs: Sequence[RunKind] = ()
    schedules: Sequence[Schedule] = ()
    actions: Sequence[AuditAction] = ()
    events: Sequence[EventKind[object]] = ()
    alerts: Sequence[AlertKind] = ()
    checks: Checks | None = None
    sample: Callable[[Hub], Awaitable[None]] | None = None


SLICES: tuple[Slice, ...] = (
    Slice(name="access", actions=constants(access_actions, AuditAction)),
    Slice(name="alerts", sample=alerts_metrics.sample, actions=constants(alerts_actions, AuditAction), events=constants(alerts_events, EventKind)),
    Slice(name="audit", actions=constants(audit_slice_actions, AuditAction)),
    Slice(name="catalog", actions=constants(catalog_actions, AuditAction)),
    Slice(
        name="comparison",
        runs=comparison_runs.RUNS,
        schedules=comparison_runs.SCHEDULES,
        actions=constants(comparison_actions, AuditAction),
        alerts=constants(comparison_alerts, AlertKind),
        checks=comparison_alerts.checks,
    ),
    Slice(name="connectors", runs=connectors_runs.RUNS, actions=constants(connectors_actions, AuditAction)),
    Slice(
        name="datasets",
        runs=datasets_runs.RUNS,
        schedules=datasets_runs.SCHEDULES,
        actions=constants(datasets_actions, AuditAction),
        events=constants(datasets_events, EventKind),
    ),
    Slice(
        name="decisions",
        actions=constants(decisions_actions, AuditAction),
        alerts=constants(decisions_alerts, AlertKind),
        checks=decisions_alerts.checks,
    ),
    Slice(name="exchange", actions=constants(exchange_actions, AuditAction)),
    Slice(
        name="groups",
        actions=constants(groups_actions, AuditAction),
        events=constants(groups_events, EventKind),
        alerts=constants(groups_alerts, AlertKind),
        checks=groups_alerts.checks,
    ),
    Slice(name="importing", actions=constants(importing_actions, AuditAction)),
    Slice(
        name="inference_log",
        sample=inference_log_metrics.sample,
        runs=inference_log_runs.RUNS,
        schedules=inference_log_runs.SCHEDULES,
        actions=constants(inference_log_actions, AuditAction),
        events=constants(inference_log_events, EventKind),
        alerts=constants(inference_log_alerts, AlertKind),
        checks=inference_log_alerts.checks,
    ),
    Slice(name="outcomes", actions=constants(outcomes_actions, AuditAction)),
    Slice(
        name="promotion",
        schedules=promotion_runs.SCHEDULES,
        actions=constants(promotion_actions, AuditAction),
        alerts=constants(promotion_alerts, AlertKind),
        checks=promotion_alerts.checks,
    ),
    Slice(
        name="runs",
        sample=runs_metrics.sample,
        schedules=runs_runs.SCHEDULES,
        actions=constants(runs_actions, AuditAction),
        events=constants(runs_events, EventKind),
        alerts=constants(runs_alerts, AlertKind),
    ),
    Slice(name="serving", schedules=serving_runs.SCHEDULES, alerts=constants(serving_alerts, AlertKind), checks=serving_alerts.checks),
    Slice(name="tallies", schedules=tallies_runs.SCHEDULES),
)


def run_kinds(slices: Sequence[Slice] = SLICES) -> dict[str, RunKind]:
    """Return every kind of run by name. Raises ValueError for a repeated name."""
    return by_name([kind for one in slices for kind in one.runs])


def schedules(slices: Sequence[Slice] = SLICES) -> dict[str, Schedule]:
    """Return every schedule by name. Raises ValueError for a repeated name."""
    return by_name([schedule for one in slices for schedule in one.schedules])


def audit_actions(slices: Sequence[Slice] = SLICES) -> dict[str, AuditAction]:
    """Return every audit action by name. Raises ValueError for a repeated name."""
    return by_name([action for one in slices for action in one.actions])


def event_kinds(slices: Sequence[Slice] = SLICES) -> dict[str, EventKind[object]]:
    """Return every kind of live event by name. Raises ValueError for a repeated name."""
    return by_name([event for one in slices for event in one.events])


def alert_kinds(slices: Sequence[Slice] = SLICES) -> dict[str, AlertKind]:
    """Return every kind of alert by name. Raises ValueError for a repeated name."""
    return by_name([alert for one in slices for alert in one.alerts])


def by_name(declared: Sequence[T]) -> dict[str, T]:
    """Return declarations by their names. Raises ValueError for a repeated name."""
    names = Counter(one.name for one in declared)
    if twice := [name for name, count in names.items() if count > 1]:
        raise ValueError(f"Declared twice: {', '.join(twice)}. Rename one of the two.")
    return {one.name: one for one in declared}
