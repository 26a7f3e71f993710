"""Tallies: all SQL. A log's table name only ever comes from `groups.table_name`, and is quoted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.identifiers import quoted
from backend.ids import SHADOW_OF
from backend.numerics.statistics.sketch import Sketch


class Key(NamedTuple):
    """What is tallied apart. `other_id` is whose place a fallback took, or whose answer a pair is about; `slot` the start, in seconds since 1970."""

    phase: int
    version_id: UUID
    arm: str
    other_id: UUID | None
    slot: int
    seconds: int


@dataclass(frozen=True)
class Tally:
    """A sketch of some rows, or of what changed about them; `first` and `last` are inference ids, absent when no row came with it."""

    key: Key
    sketch: Sketch
    labelled: int
    first: UUID | None = None
    last: UUID | None = None


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

# Columns as their bytes, big-endian: a million rows arrive without a Python object for each. NaN stands for NULL.
COLUMNS = """
SELECT phase, model_version_id, role, status, string_agg(uuid_send(inference_id), ''::bytea) AS ids,
  string_agg(float8send(coalesce(score, 'NaN')), ''::bytea) AS scores, string_agg(float8send(coalesce(actual, 'NaN')), ''::bytea) AS actuals,
  string_agg(float8send(coalesce(latency_us, 'NaN'::float8)), ''::bytea) AS times, string_agg(int4send(bucket), ''::bytea) AS buckets,
  string_agg(float8send(propensity), ''::bytea) AS propensities
FROM {table} WHERE inference_id >= :first AND inference_id < :until {also} GROUP BY phase, model_version_id, role, status
"""

PAIRS = f"""
SELECT s.phase, s.model_version_id, a.model_version_id AS other_id, string_agg(uuid_send(s.inference_id), ''::bytea) AS ids,
  string_agg(float8send(s.score), ''::bytea) AS mine, string_agg(float8send(a.score), ''::bytea) AS theirs,
  string_agg(float8send(s.actual), ''::bytea) AS actuals, string_agg(int4send(s.bucket), ''::bytea) AS buckets
FROM {{table}} s JOIN {{table}} a ON a.inference_id = (s.output->>'{SHADOW_OF}')::uuid
WHERE s.inference_id >= :first AND s.inference_id < :until AND a.inference_id >= :first AND a.inference_id < :until {{also}} AND s.role = 'shadow'
  AND s.score IS NOT NULL AND s.actual IS NOT NULL AND a.role <> 'shadow' AND a.status IN ('ok', 'fallback') AND a.score IS NOT NULL GROUP BY 1, 2, 3
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
    """The tallies of some phases of a group."""
    statement = text(OF_GROUP.format(also="AND phase = ANY(CAST(:phases AS int[]))"))
    return (await session.execute(statement, {"tenant": tenant_id, "group": group_id, "phases": list(phases)})).all()


async def of_group(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> Sequence[Row[Any]]:
    """All tallies of a group."""
    return (await session.execute(text(OF_GROUP.format(also="")), {"tenant": tenant_id, "group": group_id})).all()


async def keys_of(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> Sequence[Row[Any]]:
    """The same without their sketches."""
    statement = text("SELECT id, phase, version_id, arm, other_id, slot, seconds, folded FROM tallies WHERE tenant_id = :tenant AND group_id = :group")
    return (await session.execute(statement, {"tenant": tenant_id, "group": group_id})).all()


async def take(session: AsyncSession, tenant_id: UUID, ids: Sequence[int]) -> Sequence[Row[Any]]:
    """Remove tallies, and give them."""
    statement = text(
        "DELETE FROM tallies WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS bigint[])) "
        "RETURNING id, phase, version_id, arm, other_id, slot, seconds, folded, labelled, first, last, sketch"
    )
    return (await session.execute(statement, {"tenant": tenant_id, "ids": list(ids)})).all()


async def forget(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> None:
    """Remove all tallies of a group: its log is gone."""
    for table in ("tallies", "tally_rebuilds"):
        await session.execute(text(f"DELETE FROM {table} WHERE tenant_id = :tenant AND group_id = :group"), {"tenant": tenant_id, "group": group_id})  # noqa: S608


async def random_counts(session: AsyncSession, tenant_id: UUID, group_id: UUID, phase: int) -> dict[UUID, int]:
    """How many predictions each version has answered in a phase by its bucket's lot."""
    statement = text(
        "SELECT version_id, sum(rows) AS n FROM tallies WHERE tenant_id = :tenant AND group_id = :group AND phase = :phase AND arm = 'random' GROUP BY 1"
    )
    return {row.version_id: int(row.n) for row in await session.execute(statement, {"tenant": tenant_id, "group": group_id, "phase": phase})}


async def answered(session: AsyncSession, table: str, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Version and score of answers."""
    return (await session.execute(text(ANSWERED.format(table=quoted(table))), {"ids": ids})).all()


async def labelled_copies(session: AsyncSession, table: str, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Shadows' rows among these ids whose truth is known."""
    return (await session.execute(text(COPIES.format(table=quoted(table))), {"ids": ids})).all()


async def columns(session: AsyncSession, table: str, first: UUID, until: UUID, phase: int | None = None) -> Sequence[Row[Any]]:
    """What the log holds between two ids (of one phase, or of all), by phase, version, role and status, as columns of bytes."""
    return await _columns(session, COLUMNS.format(table=quoted(table), also="" if phase is None else "AND phase = :phase"), first, until, phase)


async def pair_columns(session: AsyncSession, table: str, first: UUID, until: UUID, phase: int | None = None) -> Sequence[Row[Any]]:
    """The shadows' rows whose truth is known with the answers that they are copies of, likewise."""
    return await _columns(session, PAIRS.format(table=quoted(table), also="" if phase is None else "AND s.phase = :phase"), first, until, phase)


async def _columns(session: AsyncSession, statement: str, first: UUID, until: UUID, phase: int | None) -> Sequence[Row[Any]]:
    values = {"first": first, "until": until} | ({} if phase is None else {"phase": phase})
    return (await session.execute(text(statement), values)).all()


async def bounds(session: AsyncSession, table: str) -> tuple[UUID, UUID] | None:
    """The first and the last id of a log; None when it is empty."""
    found = [
        (await session.execute(text(f"SELECT inference_id FROM {quoted(table)} ORDER BY inference_id {way} LIMIT 1"))).scalar_one_or_none()  # noqa: S608
        for way in ("ASC", "DESC")
    ]
    return (found[0], found[1]) if found[0] and found[1] else None


async def rebuild_wanted(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> bool:
    """Is the group's log still to be tallied?"""
    statement = text("SELECT EXISTS (SELECT FROM tally_rebuilds WHERE tenant_id = :tenant AND group_id = :group)")
    return bool((await session.execute(statement, {"tenant": tenant_id, "group": group_id})).scalar_one())


async def ask_rebuild(session: AsyncSession, tenant_id: UUID, group_id: UUID, now: datetime, run_id: UUID | None) -> None:
    """Note that the group's log is to be tallied, by this run."""
    statement = text(
        "INSERT INTO tally_rebuilds (group_id, tenant_id, asked_at, run_id) VALUES (:group, :tenant, :now, :run) "
        "ON CONFLICT (group_id) DO UPDATE SET run_id = excluded.run_id, asked_at = excluded.asked_at"
    )
    await session.execute(statement, {"tenant": tenant_id, "group": group_id, "now": now, "run": run_id})


async def rebuilt(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> None:
    """Note that it is done."""
    statement = text("DELETE FROM tally_rebuilds WHERE tenant_id = :tenant AND group_id = :group")
    await session.execute(statement, {"tenant": tenant_id, "group": group_id})


async def backlog(session: AsyncSession, most: int) -> Sequence[Row[Any]]:
    """The groups of all tenants with more than so many tallies to be folded."""
    return (await session.execute(text("SELECT * FROM tally_backlog(:most)"), {"most": most})).all()


async def rebuilds_due(session: AsyncSession) -> Sequence[Row[Any]]:
    """The groups of all tenants whose log is to be tallied and nobody is at it."""
    return (await session.execute(text("SELECT * FROM tally_rebuilds_due()"))).all()
