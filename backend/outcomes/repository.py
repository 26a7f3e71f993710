"""All SQL of outcomes: the ledger, and outcomes written into rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.identifiers import quoted
from backend.outcomes.ledger_statements import UNSHARED
from backend.outcomes.ledger_statements import told_before as told_before_in
from backend.outcomes.ledger_statements import unname as unname_in
from backend.outcomes.rules import Arrived, KnownTruth
from backend.tallies.update import CHANGED

PROBABLE = "output->>'probability' IS NOT NULL"
"""Whether a row's answer was a probability. Imported or erased rows do not say."""

TARGET = (
    "inference_id, entity_key, correlation_id, requested_at, role, actual, actual_at, actual_history, decision, final_decision, final_details, "
    f"{PROBABLE} AS probable"
)
FIND_TARGETS = f"""
SELECT {TARGET} FROM {{table}}
WHERE inference_id = ANY(CAST(:ids AS uuid[]))
UNION
SELECT {TARGET} FROM {{table}}
WHERE correlation_id = ANY(CAST(:correlations AS text[]))
"""  # noqa: S608 (constants)

LATEST = f"""
SELECT coalesce(bool_and(probable), false) FROM (
  SELECT {PROBABLE} AS probable FROM {{table}}
  WHERE role <> 'shadow' AND status = 'ok' AND imported_from IS NULL AND erased_at IS NULL ORDER BY inference_id DESC LIMIT :most) AS latest
"""  # noqa: S608 (constants)

TOLD = told_before_in("outcomes", ("actual", "at", "received_at", "received_by"))

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

# Nobody else changes an outcome meanwhile: outcomes are recorded one transaction after another, and nobody sees a row just written.
SET_ACTUALS = f"""
WITH told AS (
  SELECT u.*, o.actual AS was
  FROM unnest(CAST(:ids AS uuid[]), CAST(:actuals AS float8[]), CAST(:moments AS timestamptz[]), CAST(:histories AS jsonb[])) AS u(id, actual, at, history)
  JOIN {{table}} o ON o.inference_id = u.id)
UPDATE {{table}} AS l SET actual = u.actual, actual_at = u.at, actual_history = u.history FROM told u WHERE l.inference_id = u.id
RETURNING {CHANGED}, u.was, l.actual
"""  # noqa: S608 (constants)


async def targets(session: AsyncSession, table: str, ids: Sequence[UUID], correlations: Sequence[str]) -> Sequence[Row[Any]]:
    """Return the rows that outcomes or final decisions name, with what is known of both."""
    statement = text(FIND_TARGETS.format(table=quoted(table)))
    return (await session.execute(statement, {"ids": ids, "correlations": correlations})).all()


async def answers_probabilities(session: AsyncSession, table: str, most: int) -> bool:
    """Return whether a log has answers, and whether its latest are all probabilities."""
    return bool((await session.execute(text(LATEST.format(table=quoted(table))), {"most": most})).scalar_one())


async def probable(session: AsyncSession, table: str, ids: Sequence[UUID]) -> set[UUID]:
    """Return the rows that answered a probability."""
    statement = text(f"SELECT inference_id FROM {quoted(table)} WHERE inference_id = ANY(CAST(:ids AS uuid[])) AND {PROBABLE}")  # noqa: S608 (quoted)
    return set((await session.execute(statement, {"ids": list(ids)})).scalars())


async def waiting(session: AsyncSession, tenant_id: UUID, group_id: UUID, ids: Sequence[UUID], correlations: Sequence[str]) -> Sequence[Row[Any]]:
    """Return earlier outcomes without an inference, oldest first."""
    values = {"tenant": tenant_id, "group": group_id, "ids": ids, "correlations": correlations}
    return (await session.execute(text(WAITING), values)).all()


async def orphans(session: AsyncSession, tenant_id: UUID, group_id: UUID, before: datetime, limit: int) -> tuple[int, Sequence[Row[Any]]]:
    """Return the number of outcomes reported before a time that still wait, and the oldest of them."""
    where = "FROM outcomes WHERE tenant_id = :tenant AND group_id = :group AND applied_at IS NULL AND received_at <= :before"
    values = {"tenant": tenant_id, "group": group_id, "before": before}
    total = int((await session.execute(text(f"SELECT count(*) {where}"), values)).scalar_one())
    columns = "inference_id, correlation_id, actual, at, received_at, received_by"
    statement = text(f"SELECT {columns} {where} ORDER BY id LIMIT :limit")
    return total, (await session.execute(statement, {**values, "limit": limit})).all()


async def shadow_versions(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> Sequence[UUID]:
    """Return the versions that were ever a shadow in the group."""
    statement = text("SELECT DISTINCT version_id FROM published_members WHERE tenant_id = :tenant AND group_id = :group AND role = 'shadow'")
    return (await session.execute(statement, {"tenant": tenant_id, "group": group_id})).scalars().all()


async def told_before(session: AsyncSession, table: str, tenant_id: UUID, group_id: UUID, arrived: Sequence[Arrived]) -> Sequence[Row[Any]]:
    """Return earlier outcomes of inferences that just arrived, or of the answers they copy, oldest first."""
    ids, correlations, answered = (list(column) for column in zip(*arrived, strict=True))
    values = {"tenant": tenant_id, "group": group_id, "ids": ids, "correlations": correlations, "answered": answered}
    return (await session.execute(text(TOLD.format(table=quoted(table))), values)).all()


async def add_to_ledger(session: AsyncSession, tenant_id: UUID, group_id: UUID, by: str, now: datetime, told: Sequence[tuple[Any, ...]]) -> None:
    """Append outcomes `(inference_id, correlation_id, actual, at, applied)`."""
    ids, correlations, actuals, moments, applied = (list(column) for column in zip(*told, strict=True))
    values = {"ids": ids, "correlations": correlations, "actuals": actuals, "moments": moments, "applied": applied}
    await session.execute(text(LEDGER), {"tenant": tenant_id, "group": group_id, "by": by, "now": now, **values})


async def set_actuals(session: AsyncSession, table: str, known: Mapping[UUID, KnownTruth]) -> Sequence[Row[Any]]:
    """Write the known outcomes into the rows. Return the rows with their former values."""
    values = {
        "ids": list(known),
        "actuals": [one.actual for one in known.values()],
        "moments": [one.at for one in known.values()],
        "histories": [msgspec.json.encode(one.history).decode() for one in known.values()],
    }
    return (await session.execute(text(SET_ACTUALS.format(table=quoted(table))), values)).all()


async def mark_applied(session: AsyncSession, tenant_id: UUID, ids: Sequence[int], now: datetime) -> None:
    """Mark waiting outcomes as applied to their inference."""
    statement = text("UPDATE outcomes SET applied_at = :now WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[])) AND applied_at IS NULL")
    await session.execute(statement, {"tenant": tenant_id, "ids": ids, "now": now})


UNNAME = unname_in("outcomes")


async def unname(session: AsyncSession, tenant_id: UUID, group_id: UUID, table: str | None, told_by: Mapping[str, UUID]) -> int:
    """Replace these correlation ids in the ledger by inference ids. Return the number of outcomes. `table` is the log's table, if it still exists."""
    values = {"tenant": tenant_id, "group": group_id, "correlations": list(told_by), "ids": list(told_by.values())}
    statement = UNNAME + UNSHARED.format(table=quoted(table)) if table else UNNAME
    result: Any = await session.execute(text(statement), values)
    return int(result.rowcount)
