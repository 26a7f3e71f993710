"""Inference: SQL about routing, the logs as tables, and the ledger of outcomes. What is read out of a log is in log_queries.py."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from backend.db.locks import lock
from backend.inference.log.layout import quoted
from backend.inference.rules import Arrived, Known
from backend.inference.tally.keeping import CHANGED

PROBABLE = "output->>'probability' IS NOT NULL"
"""Did a row answer by a probability? What was imported or erased does not say."""

TARGETS = f"""
SELECT inference_id, correlation_id, role, actual, actual_at, actual_history, {PROBABLE} AS probable FROM {{table}}
WHERE inference_id = ANY(CAST(:ids AS uuid[]))
UNION
SELECT inference_id, correlation_id, role, actual, actual_at, actual_history, {PROBABLE} AS probable FROM {{table}}
WHERE correlation_id = ANY(CAST(:correlations AS text[]))
"""  # noqa: S608 (constants)

LATEST = f"""
SELECT coalesce(bool_and(probable), false) FROM (
  SELECT {PROBABLE} AS probable FROM {{table}}
  WHERE role <> 'shadow' AND status = 'ok' AND imported_from IS NULL AND erased_at IS NULL ORDER BY inference_id DESC LIMIT :most) AS latest
"""  # noqa: S608 (constants)

# A shadow's row takes what is told of the answer that it is the copy of, but only that answer itself ends the waiting.
TOLD = """
WITH arrived AS (
  SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:correlations AS text[]), CAST(:answered AS uuid[])) AS a(inference_id, correlation_id, answered))
SELECT o.id, a.inference_id AS target, true AS met, o.actual, o.at, o.received_at, o.received_by
FROM arrived a JOIN outcomes o ON o.inference_id = a.inference_id WHERE o.tenant_id = :tenant AND o.group_id = :group
UNION ALL
SELECT o.id, a.inference_id, false, o.actual, o.at, o.received_at, o.received_by
FROM arrived a JOIN outcomes o ON o.inference_id = a.answered WHERE o.tenant_id = :tenant AND o.group_id = :group
UNION ALL
SELECT o.id, a.inference_id, a.answered IS NULL, o.actual, o.at, o.received_at, o.received_by
FROM arrived a JOIN outcomes o ON o.correlation_id = a.correlation_id WHERE o.tenant_id = :tenant AND o.group_id = :group
ORDER BY id
"""

WAITING = """
SELECT inference_id, correlation_id, actual, at, received_at, received_by FROM outcomes
WHERE tenant_id = :tenant AND group_id = :group AND applied_at IS NULL
  AND (inference_id = ANY(CAST(:ids AS uuid[])) OR correlation_id = ANY(CAST(:correlations AS text[])))
ORDER BY id
"""

LEDGER = """
INSERT INTO outcomes (tenant_id, group_id, inference_id, correlation_id, actual, at, received_at, received_by, applied_at)
SELECT :tenant, :group, o.inference_id, o.correlation_id, o.actual, o.at, :now, :by, CASE WHEN o.applied THEN CAST(:now AS timestamptz) END
FROM unnest(CAST(:ids AS uuid[]), CAST(:correlations AS text[]), CAST(:actuals AS float8[]), CAST(:moments AS timestamptz[]), CAST(:applied AS boolean[]))
  AS o(inference_id, correlation_id, actual, at, applied)
"""

# Nobody else changes a truth meanwhile: outcomes are taken in one after another, and a row just written is not seen by anyone yet.
SET_ACTUALS = f"""
WITH told AS (
  SELECT u.*, o.actual AS was
  FROM unnest(CAST(:ids AS uuid[]), CAST(:actuals AS float8[]), CAST(:moments AS timestamptz[]), CAST(:histories AS jsonb[])) AS u(id, actual, at, history)
  JOIN {{table}} o ON o.inference_id = u.id)
UPDATE {{table}} AS l SET actual = u.actual, actual_at = u.at, actual_history = u.history FROM told u WHERE l.inference_id = u.id
RETURNING {CHANGED}, u.was, l.actual
"""  # noqa: S608 (constants)


async def routing_stamp(connection: AsyncConnection) -> str:
    """A text that changes whenever any group's routing does."""
    return str((await connection.execute(text("SELECT routing_stamp()"))).scalar_one())


async def routing_state(connection: AsyncConnection) -> tuple[datetime, str, Any]:
    """A moment of the database, and what was so then or later: the stamp, and the halts in force."""
    at = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
    row = (await connection.execute(text("SELECT routing_stamp() AS stamp, routing_halts() AS halts"))).one()
    return at, str(row.stamp), row.halts


async def routing_table(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Every group of every tenant, with members and versions."""
    return [dict(row._mapping) for row in await connection.execute(text("SELECT * FROM routing_table()"))]


async def wake_routers(connection: AsyncConnection) -> datetime:
    """Have every process poll; gives the database's moment before that."""
    now: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
    await connection.execute(text("SELECT pg_notify('tiltyard_routing', '')"))
    return now


async def routers_behind(connection: AsyncConnection, since: datetime, group_id: UUID | None, lease: timedelta) -> int:
    """How many living processes have not acknowledged what was so at a moment, or are late with the group."""
    values = {"since": since, "group": group_id, "lease": lease}
    return int((await connection.execute(text("SELECT routers_behind(:since, CAST(:group AS uuid), :lease)"), values)).scalar_one())


async def routers_cold(connection: AsyncConnection, version_id: UUID, lease: timedelta) -> int:
    """How many living processes have not loaded a version."""
    return int((await connection.execute(text("SELECT routers_cold(:version, :lease)"), {"version": version_id, "lease": lease})).scalar_one())


async def provision(session: AsyncSession, group_id: UUID, now: datetime) -> str:
    """Make a group's log; gives its table's name."""
    return str((await session.execute(text("SELECT provision_log(:group, :now)"), {"group": group_id, "now": now})).scalar_one())


async def add_partitions(session: AsyncSession, group_id: UUID, first: datetime, until: datetime) -> None:
    """Make the partitions of a span of time that are not there yet."""
    await session.execute(text("SELECT add_log_partitions(:group, :first, :until)"), {"group": group_id, "first": first, "until": until})


async def versions_of(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> Sequence[Row[Any]]:
    """The versions that were ever in a group."""
    said = "SELECT DISTINCT v.id, v.version FROM members m JOIN versions v ON v.id = m.version_id WHERE m.tenant_id = :tenant AND m.group_id = :group"
    statement = text(said)
    return (await session.execute(statement, {"tenant": tenant_id, "group": group_id})).all()


async def partitions(session: AsyncSession, group_id: UUID) -> Sequence[Row[Any]]:
    """The weeks of a log, oldest first: `name`, `first`, `until`."""
    return (await session.execute(text("SELECT * FROM list_log_partitions(:group)"), {"group": group_id})).all()


async def drop_partition(session: AsyncSession, group_id: UUID, name: str) -> None:
    """Drop a week that the group's retention lets go; the database checks that it does."""
    await session.execute(text("SELECT drop_log_partition(:group, :name)"), {"group": group_id, "name": name})


async def drop_log(session: AsyncSession, group_id: UUID) -> bool:
    """Drop a deleted group's log; False when it is gone already."""
    return bool((await session.execute(text("SELECT drop_log(:group)"), {"group": group_id})).scalar_one())


async def logs(session: AsyncSession) -> Sequence[Row[Any]]:
    """Every group that has a log, deleted ones included, of every tenant."""
    return (await session.execute(text("SELECT * FROM list_logs()"))).all()


async def log_of(session: AsyncSession, group_id: UUID) -> Row[Any] | None:
    """One group's log."""
    return (await session.execute(text("SELECT * FROM list_logs() WHERE group_id = :group"), {"group": group_id})).one_or_none()


async def group_ids(session: AsyncSession, tenant_id: UUID) -> Sequence[UUID]:
    """The tenant's groups, deleted ones included."""
    return (await session.execute(text("SELECT id FROM groups WHERE tenant_id = :tenant"), {"tenant": tenant_id})).scalars().all()


async def share_outcomes(session: AsyncSession, group_id: UUID) -> None:
    """Keep outcomes from being taken in while rows are written: else the two could miss each other."""
    await lock(session, f"outcomes:{group_id}", shared=True)


async def lock_outcomes(session: AsyncSession, group_id: UUID) -> None:
    """Keep rows from being written, and other outcomes from being taken in, while these are."""
    await lock(session, f"outcomes:{group_id}")


async def targets(session: AsyncSession, table: str, ids: Sequence[UUID], correlations: Sequence[str]) -> Sequence[Row[Any]]:
    """The rows that outcomes speak of, with what they know of the truth."""
    statement = text(TARGETS.format(table=quoted(table)))
    return (await session.execute(statement, {"ids": ids, "correlations": correlations})).all()


async def answers_probabilities(session: AsyncSession, table: str, most: int) -> bool:
    """Has a log answers, and are its latest all probabilities?"""
    return bool((await session.execute(text(LATEST.format(table=quoted(table))), {"most": most})).scalar_one())


async def probable(session: AsyncSession, table: str, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these rows that answered by a probability."""
    statement = text(f"SELECT inference_id FROM {quoted(table)} WHERE inference_id = ANY(CAST(:ids AS uuid[])) AND {PROBABLE}")  # noqa: S608 (quoted)
    return set((await session.execute(statement, {"ids": list(ids)})).scalars())


async def waiting(session: AsyncSession, tenant_id: UUID, group_id: UUID, ids: Sequence[UUID], correlations: Sequence[str]) -> Sequence[Row[Any]]:
    """The outcomes told earlier that no inference has met, oldest first."""
    values = {"tenant": tenant_id, "group": group_id, "ids": ids, "correlations": correlations}
    return (await session.execute(text(WAITING), values)).all()


async def orphans(session: AsyncSession, tenant_id: UUID, group_id: UUID, before: datetime, limit: int) -> tuple[int, Sequence[Row[Any]]]:
    """How many outcomes told before a moment still wait, and the oldest of them."""
    where = "FROM outcomes WHERE tenant_id = :tenant AND group_id = :group AND applied_at IS NULL AND received_at <= :before"
    values = {"tenant": tenant_id, "group": group_id, "before": before}
    total = int((await session.execute(text(f"SELECT count(*) {where}"), values)).scalar_one())
    columns = "inference_id, correlation_id, actual, at, received_at, received_by"
    statement = text(f"SELECT {columns} {where} ORDER BY id LIMIT :limit")
    return total, (await session.execute(statement, {**values, "limit": limit})).all()


async def shadow_versions(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> Sequence[UUID]:
    """The versions that were ever a shadow in the group."""
    statement = text("SELECT DISTINCT version_id FROM members WHERE tenant_id = :tenant AND group_id = :group AND role = 'shadow'")
    return (await session.execute(statement, {"tenant": tenant_id, "group": group_id})).scalars().all()


async def told_before(session: AsyncSession, tenant_id: UUID, group_id: UUID, arrived: Sequence[Arrived]) -> Sequence[Row[Any]]:
    """The outcomes already told for inferences that have just arrived, or for the answers they are copies of, oldest first."""
    ids, correlations, answered = (list(column) for column in zip(*arrived, strict=True))
    values = {"tenant": tenant_id, "group": group_id, "ids": ids, "correlations": correlations, "answered": answered}
    return (await session.execute(text(TOLD), values)).all()


async def add_to_ledger(session: AsyncSession, tenant_id: UUID, group_id: UUID, by: str, now: datetime, told: Sequence[tuple[Any, ...]]) -> None:
    """Append outcomes `(inference_id, correlation_id, actual, at, applied)`."""
    ids, correlations, actuals, moments, applied = (list(column) for column in zip(*told, strict=True))
    values = {"ids": ids, "correlations": correlations, "actuals": actuals, "moments": moments, "applied": applied}
    await session.execute(text(LEDGER), {"tenant": tenant_id, "group": group_id, "by": by, "now": now, **values})


async def set_actuals(session: AsyncSession, table: str, known: Mapping[UUID, Known]) -> Sequence[Row[Any]]:
    """Write what is now known of the truth into the rows; gives them with what was known before."""
    values = {
        "ids": list(known),
        "actuals": [one.actual for one in known.values()],
        "moments": [one.at for one in known.values()],
        "histories": [msgspec.json.encode(one.history).decode() for one in known.values()],
    }
    return (await session.execute(text(SET_ACTUALS.format(table=quoted(table))), values)).all()


async def mark_applied(session: AsyncSession, tenant_id: UUID, ids: Sequence[int], now: datetime) -> None:
    """Note that waiting outcomes have met their inference."""
    statement = text("UPDATE outcomes SET applied_at = :now WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[])) AND applied_at IS NULL")
    await session.execute(statement, {"tenant": tenant_id, "ids": ids, "now": now})
