"""All SQL of tallies. A log's table name always comes from `groups.table_name`, and is quoted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.identifiers import quoted
from backend.ids import SHADOW_OF
from backend.tallies.tally import Tally

ADD = """
INSERT INTO tallies (tenant_id, group_id, phase, version_id, arm, other_id, slot, seconds, folded, rows, labelled, first, last, sketch)
SELECT :tenant, :group, t.phase, t.version_id, t.arm, t.other_id, t.slot, t.seconds, :folded, t.rows, t.labelled, t.first, t.last, t.sketch
FROM unnest(CAST(:phases AS int[]), CAST(:versions AS uuid[]), CAST(:arms AS text[]), CAST(:others AS uuid[]), CAST(:slots AS bigint[]),
  CAST(:seconds AS int[]), CAST(:rows AS bigint[]), CAST(:labelled AS bigint[]), CAST(:firsts AS uuid[]), CAST(:lasts AS uuid[]), CAST(:sketches AS bytea[]))
  AS t(phase, version_id, arm, other_id, slot, seconds, rows, labelled, first, last, sketch)
"""

OF_GROUP = """
SELECT id, phase, version_id, arm, other_id, slot, seconds, folded, labelled, first, last, sketch FROM tallies
WHERE tenant_id = :tenant AND group_id = :group {also}
"""

ANSWERED = """
SELECT inference_id, model_version_id, score FROM {table}
WHERE inference_id = ANY(CAST(:ids AS uuid[])) AND role <> 'shadow' AND status IN ('ok', 'fallback') AND score IS NOT NULL
"""

COPIES = f"""
SELECT inference_id, phase, model_version_id, bucket, score, actual, (output->>'{SHADOW_OF}')::uuid AS shadow_of FROM {{table}}
WHERE inference_id = ANY(CAST(:ids AS uuid[])) AND role = 'shadow' AND score IS NOT NULL AND actual IS NOT NULL
"""  # noqa: S608 (a constant)


async def add(session: AsyncSession, tenant_id: UUID, group_id: UUID, tallies: Sequence[Tally], folded: bool = False) -> None:
    """Append tallies."""
    columns = {
        "phases": [one.key.phase for one in tallies],
        "versions": [one.key.version_id for one in tallies],
        "arms": [one.key.arm for one in tallies],
        "others": [one.key.other_id for one in tallies],
        "slots": [one.key.slot for one in tallies],
        "seconds": [one.key.seconds for one in tallies],
        "rows": [one.sketch.rows for one in tallies],
        "labelled": [one.labelled for one in tallies],
        "firsts": [one.first for one in tallies],
        "lasts": [one.last for one in tallies],
        "sketches": [one.sketch.encode() for one in tallies],
    }
    if tallies:
        await session.execute(text(ADD), {"tenant": tenant_id, "group": group_id, "folded": folded, **columns})


async def of_phases(session: AsyncSession, tenant_id: UUID, group_id: UUID, phases: Sequence[int]) -> Sequence[Row[Any]]:
    """Return the tallies of some phases of a group."""
    statement = text(OF_GROUP.format(also="AND phase = ANY(CAST(:phases AS int[]))"))
    return (await session.execute(statement, {"tenant": tenant_id, "group": group_id, "phases": list(phases)})).all()


async def of_group(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> Sequence[Row[Any]]:
    """Return all tallies of a group."""
    return (await session.execute(text(OF_GROUP.format(also="")), {"tenant": tenant_id, "group": group_id})).all()


async def keys_of(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> Sequence[Row[Any]]:
    """Return all tallies of a group without their sketches."""
    statement = text("SELECT id, phase, version_id, arm, other_id, slot, seconds, folded FROM tallies WHERE tenant_id = :tenant AND group_id = :group")
    return (await session.execute(statement, {"tenant": tenant_id, "group": group_id})).all()


async def take(session: AsyncSession, tenant_id: UUID, ids: Sequence[int]) -> Sequence[Row[Any]]:
    """Remove tallies and return them."""
    statement = text(
        "DELETE FROM tallies WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[])) "
        "RETURNING id, phase, version_id, arm, other_id, slot, seconds, folded, labelled, first, last, sketch"
    )
    return (await session.execute(statement, {"tenant": tenant_id, "ids": list(ids)})).all()


async def forget(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> None:
    """Remove all tallies of a group whose log is gone."""
    mine = "WHERE tenant_id = :tenant AND group_id = :group"
    for statement in (f"DELETE FROM tallies {mine}", f"DELETE FROM tally_rebuilds {mine}"):  # noqa: S608 (constants)
        await session.execute(text(statement), {"tenant": tenant_id, "group": group_id})


async def random_counts(session: AsyncSession, tenant_id: UUID, group_id: UUID, phase: int) -> dict[UUID, int]:
    """Count the predictions that each version has answered in a phase by random assignment."""
    statement = text(
        "SELECT version_id, sum(rows) AS n FROM tallies WHERE tenant_id = :tenant AND group_id = :group AND phase = :phase AND arm = 'random' GROUP BY 1"
    )
    return {row.version_id: int(row.n) for row in await session.execute(statement, {"tenant": tenant_id, "group": group_id, "phase": phase})}


async def answered(session: AsyncSession, table: str, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Return version and score of answers."""
    return (await session.execute(text(ANSWERED.format(table=quoted(table))), {"ids": ids})).all()


async def labelled_copies(session: AsyncSession, table: str, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Return the shadows' rows among these ids that have an outcome."""
    return (await session.execute(text(COPIES.format(table=quoted(table))), {"ids": ids})).all()


async def rebuild_wanted(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> bool:
    """Return whether the group's log still has to be tallied."""
    statement = text("SELECT EXISTS (SELECT FROM tally_rebuilds WHERE tenant_id = :tenant AND group_id = :group)")
    return bool((await session.execute(statement, {"tenant": tenant_id, "group": group_id})).scalar_one())


async def ask_rebuild(session: AsyncSession, tenant_id: UUID, group_id: UUID, now: datetime, run_id: UUID | None) -> None:
    """Record that this run must tally the group's log."""
    statement = text(
        "INSERT INTO tally_rebuilds (group_id, tenant_id, asked_at, run_id) VALUES (:group, :tenant, :now, :run) "
        "ON CONFLICT (group_id) DO UPDATE SET run_id = excluded.run_id, asked_at = excluded.asked_at"
    )
    await session.execute(statement, {"tenant": tenant_id, "group": group_id, "now": now, "run": run_id})


async def rebuilt(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> None:
    """Record that the rebuild is done."""
    statement = text("DELETE FROM tally_rebuilds WHERE tenant_id = :tenant AND group_id = :group")
    await session.execute(statement, {"tenant": tenant_id, "group": group_id})


async def backlog(session: AsyncSession, most: int) -> Sequence[Row[Any]]:
    """Return the groups of all tenants with more than this number of tallies to compact."""
    return (await session.execute(text("SELECT * FROM tally_backlog(:most)"), {"most": most})).all()


async def rebuilds_due(session: AsyncSession) -> Sequence[Row[Any]]:
    """Return the groups of all tenants that need a tally of their log and whose run nobody executes."""
    return (await session.execute(text("SELECT * FROM tally_rebuilds_due()"))).all()
