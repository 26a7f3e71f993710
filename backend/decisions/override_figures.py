"""How often final decisions differ from the recommended ones."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from backend.decisions import actions, queries
from backend.errors import Invalid
from backend.groups import service as groups
from backend.numerics.statistics.proportions import wilson
from backend.work.unit import UnitOfWork
from schemas.common import Interval, Issue
from schemas.decisions import AskOverrides, OverrideDirection, OverrideRate, Overrides
from schemas.groups import GroupRef

SPAN = timedelta(days=90)
AHEAD = timedelta(days=1)
MOST_NAMES = 50
Rows = Sequence[Row[Any]]


async def overrides(work: UnitOfWork, input: AskOverrides) -> Overrides:
    """Return a group's override figures. Raises GroupNotFound, Invalid."""
    moments = {"after": input.after, "before": input.before}
    if issues := [Issue(pointer=f"/{name}", message="the moment needs its zone") for name, at in moments.items() if at and at.tzinfo is None]:
        raise Invalid("These bounds cannot be used.", issues=issues)
    group = await groups.get(work, GroupRef(slug=input.slug))
    first, until = input.after or work.now - SPAN, input.before or work.now + AHEAD
    rows = await queries.override_counts(work.session, group.table_name, first, until, input.phase, input.segment)
    work.audit_read(actions.DECISIONS_OVERRIDES, f"group:{group.slug}")
    return figures(rows, by_segment=input.segment is not None)


def figures(rows: Rows, *, by_segment: bool) -> Overrides:
    """Return the figures of counted rows: `version`, `decision`, `final_decision`, `person_group`, `kind`, `reason`, `segment`, `n`."""
    told = [row for row in rows if row.final_decision is not None]
    return Overrides(
        recommended=sum(row.n for row in rows),
        total=_rate(None, sum(row.n for row in told), sum(row.n for row in told if _overridden(row))),
        by_version=_by(told, lambda row: row.version),
        by_direction=_by_direction(told),
        by_segment=_by(told, lambda row: row.segment) if by_segment else [],
        by_person_group=_by(told, lambda row: row.person_group),
        by_kind=_by(told, lambda row: row.kind),
        by_reason=_by([row for row in told if row.reason is not None], lambda row: row.reason),
    )


def _by(told: Rows, key: Callable[[Row[Any]], str | None]) -> list[OverrideRate]:
    counted: Counter[str | None] = Counter()
    overridden: Counter[str | None] = Counter()
    for row in told:
        counted[key(row)] += row.n
        overridden[key(row)] += row.n if _overridden(row) else 0
    return [_rate(name, n, overridden[name]) for name, n in counted.most_common(MOST_NAMES)]


def _by_direction(told: Rows) -> list[OverrideDirection]:
    """Return each direction of each version, among all final decisions after that recommendation."""
    recommended: Counter[tuple[str, str]] = Counter()
    moved: Counter[tuple[str, str, str]] = Counter()
    for row in told:
        recommended[row.version, row.decision] += row.n
        if _overridden(row):
            moved[row.version, row.decision, row.final_decision] += row.n
    found = []
    for (version, decision, final), n in moved.most_common(MOST_NAMES):
        rate = _rate(None, recommended[version, decision], n)
        found.append(
            OverrideDirection(version=version, recommended=decision, final=final, told=rate.told, overridden=n, rate=rate.rate, interval=rate.interval)
        )
    return found


def _overridden(row: Row[Any]) -> bool:
    return bool(row.final_decision != row.decision)


def _rate(name: str | None, told: int, overridden: int) -> OverrideRate:
    found = wilson(overridden, told)
    interval = Interval(low=found.low, high=found.high) if found.low is not None and found.high is not None else None
    return OverrideRate(name=name, told=told, overridden=overridden, rate=found.value, interval=interval)
