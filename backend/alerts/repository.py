"""Alerts: all SQL."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.rules import ACTIVE, ORDER
from backend.alerts.tables import AlertRow, AlertSettingsRow
from backend.db.locks import lock
from schemas.alerts import AlertHistory, AlertState, ListAlerts

RANKS = case({str(severity): rank for rank, severity in enumerate(ORDER)}, value=AlertRow.severity)
STATES = case({str(state): rank for rank, state in enumerate(AlertState)}, value=AlertRow.state)

KEEP_FOR = """
INSERT INTO alert_settings (tenant_id, retention_days) VALUES (:tenant, :days) ON CONFLICT (tenant_id) DO UPDATE SET retention_days = excluded.retention_days
"""


async def newest(session: AsyncSession, tenant_id: UUID, wanted: ListAlerts) -> Sequence[AlertRow]:
    """Alerts, open before the others, the most severe and the newest first."""
    query = select(AlertRow).where(AlertRow.tenant_id == tenant_id, *_about(wanted.kind, wanted.subject))
    if wanted.state is not None:
        query = query.where(AlertRow.state == wanted.state)
    if wanted.severity is not None:
        query = query.where(AlertRow.severity == wanted.severity)
    return (await session.execute(query.order_by(STATES, RANKS, AlertRow.first_seen.desc()).limit(wanted.limit))).scalars().all()


async def history(session: AsyncSession, tenant_id: UUID, wanted: AlertHistory) -> Sequence[AlertRow]:
    """Return alerts, the newest first; one more than the page when there are more."""
    query = select(AlertRow).where(AlertRow.tenant_id == tenant_id, *_about(wanted.kind, wanted.subject))
    if wanted.states:
        query = query.where(AlertRow.state.in_(wanted.states))
    if wanted.severities:
        query = query.where(AlertRow.severity.in_(wanted.severities))
    if wanted.since is not None:
        query = query.where(AlertRow.first_seen >= wanted.since)
    if wanted.until is not None:
        query = query.where(AlertRow.first_seen < wanted.until)
    if wanted.cursor is not None:
        query = query.where(AlertRow.id < wanted.cursor)
    return (await session.execute(query.order_by(AlertRow.id.desc()).limit(wanted.limit + 1))).scalars().all()


def _about(kind: str | None, subject: str | None) -> list[ColumnElement[bool]]:
    wanted = [] if kind is None else [AlertRow.kind == kind]
    return wanted if subject is None else [*wanted, AlertRow.subject.startswith(subject, autoescape=True)]


async def hold(session: AsyncSession, tenant_id: UUID) -> None:
    """Lock the tenant's alerts against other checks and people until the transaction ends."""
    await lock(session, f"alerts:{tenant_id}")


async def active(session: AsyncSession, tenant_id: UUID, kinds: Collection[str]) -> Sequence[AlertRow]:
    """Return the unresolved alerts of some kinds."""
    query = select(AlertRow).where(AlertRow.tenant_id == tenant_id, AlertRow.state.in_(ACTIVE), AlertRow.kind.in_(kinds))
    return (await session.execute(query)).scalars().all()


async def one(session: AsyncSession, tenant_id: UUID, alert_id: UUID) -> AlertRow | None:
    """Return one alert."""
    return (await session.execute(select(AlertRow).where(AlertRow.tenant_id == tenant_id, AlertRow.id == alert_id))).scalar_one_or_none()


async def last_resolved(session: AsyncSession, tenant_id: UUID, kind: str, subject: str) -> AlertRow | None:
    """Return the newest resolved alert of a kind and subject."""
    query = select(AlertRow).where(AlertRow.tenant_id == tenant_id, AlertRow.kind == kind, AlertRow.subject == subject, AlertRow.state == "resolved")
    return (await session.execute(query.order_by(AlertRow.id.desc()).limit(1))).scalar_one_or_none()


async def tenants(session: AsyncSession) -> Sequence[Row[Any]]:
    """Return every tenant, and whether it has an unresolved alert."""
    return (await session.execute(text("SELECT * FROM watched_tenants()"))).all()


async def settings(session: AsyncSession, tenant_id: UUID) -> AlertSettingsRow | None:
    """Return the tenant's own settings."""
    return (await session.execute(select(AlertSettingsRow).where(AlertSettingsRow.tenant_id == tenant_id))).scalar_one_or_none()


async def keep_for(session: AsyncSession, tenant_id: UUID, days: int | None) -> None:
    """Set the retention of resolved alerts."""
    await session.execute(text(KEEP_FOR), {"tenant": tenant_id, "days": days})


async def prune(session: AsyncSession) -> int:
    """Remove the resolved alerts of every tenant that are past its retention. Return their number."""
    return int((await session.execute(text("SELECT prune_alerts()"))).scalar_one())


async def open_by_severity(session: AsyncSession) -> dict[str, int]:
    """Count the open alerts of all tenants by severity."""
    return {row.severity: row.alerts for row in await session.execute(text("SELECT * FROM open_alerts()"))}
