"""Decisions: what groups say of them, and the rows that a rule is tried on. All SQL but the ledger's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.identifiers import quoted
from backend.decisions.tables import ExplorationRow, GroupDecisionsRow
from backend.ids import SHADOW_OF

# The latest rows of a version, of whatever role: shadows were asked as everybody else was.
SCORED = """
SELECT score, decision, {segment} AS segment FROM {table}
WHERE model_version_id = :version AND status IN ('ok', 'fallback') AND erased_at IS NULL AND imported_from IS NULL
ORDER BY inference_id DESC LIMIT :most
"""

# The latest rows of a version that came before an id, and with that are old enough.
MATURE = """
SELECT score, actual, bucket, inputs, decision, final_decision, lot, lot_propensity, {segment} AS segment FROM {table}
WHERE model_version_id = :version AND status IN ('ok', 'fallback') AND role <> 'shadow' AND score IS NOT NULL AND score <> 'NaN' AND erased_at IS NULL
  AND imported_from IS NULL AND inference_id < :until
ORDER BY inference_id DESC LIMIT :most
"""

# Takes places of an exploration that is in force: as many as are wanted and left.
RESERVE = """
WITH old AS (SELECT id, spent, allowed FROM explorations WHERE id = :id AND tenant_id = :tenant AND approved_at IS NOT NULL AND stopped_at IS NULL
  AND (terms->>'until')::timestamptz > hub_now() FOR UPDATE)
UPDATE explorations e SET spent = least(old.allowed, old.spent + :wanted),
  stopped_at = CASE WHEN old.spent + :wanted >= old.allowed THEN hub_now() END FROM old WHERE e.id = old.id
RETURNING least(old.allowed, old.spent + :wanted) - old.spent AS granted, e.spent, e.spent = e.allowed AS used_up
"""

EXPLORED = """
SELECT count(*) AS explored, count(actual) AS known, count(*) FILTER (WHERE actual = 1) AS bad FROM {table}
WHERE inference_id >= :first AND inference_id < :until AND lot < lot_propensity
"""

# A shadow's copies with the answers that they copy, where both have a decision; the outcome is the answer's.
COPIED = f"""
SELECT a.decision AS answered, s.decision AS copied, a.actual, a.inputs, a.version, coalesce(a.lot < a.lot_propensity, false) AS by_lot FROM {{table}} s
JOIN {{table}} a ON a.inference_id = (s.output->>'{SHADOW_OF}')::uuid
WHERE s.role = 'shadow' AND s.model_version_id = :version AND s.decision IS NOT NULL AND a.decision IS NOT NULL AND a.role <> 'shadow'
  AND a.erased_at IS NULL AND s.inference_id < :until ORDER BY s.inference_id DESC LIMIT :most
"""  # noqa: S608 (a constant)

SERVED_IN = """
SELECT DISTINCT g.slug, g.table_name FROM published_members m JOIN published_groups g ON g.id = m.group_id
WHERE m.tenant_id = :tenant AND m.version_id = :version AND g.deleted_at IS NULL ORDER BY g.slug
"""


async def of_group(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> GroupDecisionsRow | None:
    """Return what a group says of its decisions."""
    row = await session.get(GroupDecisionsRow, group_id)
    return row if row is not None and row.tenant_id == tenant_id else None


async def keep(session: AsyncSession, tenant_id: UUID, group_id: UUID, values: dict[str, Any]) -> None:
    """Set some of what a group says."""
    row = {"tenant_id": tenant_id, "group_id": group_id, "settings": {}, "value_table": None, **values}
    await session.execute(insert(GroupDecisionsRow).values(row).on_conflict_do_update(index_elements=["group_id"], set_=values))


async def scored(session: AsyncSession, table: str, version_id: UUID, segment: str | None, most: int) -> Sequence[Row[Any]]:
    """Return the latest scored rows of a version: score, decision, and the value of an input."""
    column = "inputs -> CAST(:segment AS text)" if segment is not None else "NULL"
    statement = text(SCORED.format(table=quoted(table), segment=column))
    values = {"version": version_id, "most": most}
    return (await session.execute(statement, values | ({"segment": segment} if segment is not None else {}))).all()


async def mature(session: AsyncSession, table: str, version_id: UUID, until: UUID, segment: str | None, most: int) -> Sequence[Row[Any]]:
    """Return the latest scored answers of a version before an id: score, outcome, bucket, inputs, the lot's chance of approval, and the value of an input."""
    column = "inputs ->> CAST(:segment AS text)" if segment is not None else "NULL"
    statement = text(MATURE.format(table=quoted(table), segment=column))
    values = {"version": version_id, "until": until, "most": most}
    return (await session.execute(statement, values | ({"segment": segment} if segment is not None else {}))).all()


async def served_in(session: AsyncSession, tenant_id: UUID, version_id: UUID) -> Sequence[Row[Any]]:
    """Return the groups that a version is or was a member of: slug and log."""
    return (await session.execute(text(SERVED_IN), {"tenant": tenant_id, "version": version_id})).all()


async def explorations(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> Sequence[ExplorationRow]:
    """Return the explorations of a group, newest first."""
    mine = (ExplorationRow.tenant_id == tenant_id, ExplorationRow.group_id == group_id)
    return (await session.scalars(select(ExplorationRow).where(*mine).order_by(ExplorationRow.requested_at.desc(), ExplorationRow.id.desc()))).all()


async def spent_explorations(session: AsyncSession, tenant_id: UUID, since: datetime) -> Sequence[ExplorationRow]:
    """Return the newest exploration of each group, where it spent its budget after a moment."""
    newest = select(ExplorationRow).where(ExplorationRow.tenant_id == tenant_id).ext(distinct_on(ExplorationRow.group_id))
    rows = (await session.scalars(newest.order_by(ExplorationRow.group_id, ExplorationRow.requested_at.desc(), ExplorationRow.id.desc()))).all()
    return [row for row in rows if row.spent >= row.allowed and row.stopped_at is not None and row.stopped_at > since]


async def exploration(session: AsyncSession, tenant_id: UUID, group_id: UUID, exploration_id: UUID) -> ExplorationRow | None:
    """Return one exploration, locked for a change."""
    mine = (ExplorationRow.tenant_id == tenant_id, ExplorationRow.group_id == group_id, ExplorationRow.id == exploration_id)
    return (await session.scalars(select(ExplorationRow).where(*mine).with_for_update())).one_or_none()


async def reserve(session: AsyncSession, tenant_id: UUID, exploration_id: UUID, wanted: int) -> Row[Any] | None:
    """Take up to `wanted` places: how many were `granted`, how many are `spent`, and whether all are `used_up` now.

    None when the exploration is not in force.
    """
    return (await session.execute(text(RESERVE), {"id": exploration_id, "tenant": tenant_id, "wanted": wanted})).one_or_none()


async def explored(session: AsyncSession, table: str, first: UUID, until: UUID) -> Row[Any]:
    """Count the answers between two ids that the lot approved: `explored`, `known` and `bad`."""
    return (await session.execute(text(EXPLORED.format(table=quoted(table))), {"first": first, "until": until})).one()


async def copied(session: AsyncSession, table: str, version_id: UUID, until: UUID, most: int) -> Sequence[Row[Any]]:
    """Return the latest copies of a shadow before an id: both decisions, whether the lot approved, the outcome, the inputs, and the version that answered."""
    values = {"version": version_id, "until": until, "most": most}
    return (await session.execute(text(COPIED.format(table=quoted(table))), values)).all()
