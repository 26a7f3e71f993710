"""All SQL that reads a log's rows as columns, for rebuilt tallies. The table's name always comes from `groups.table_name`, and is quoted."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.identifiers import quoted
from backend.ids import SHADOW_OF

# Columns as their bytes, big-endian: a million rows arrive without a Python object for each. NaN stands for NULL.
COLUMNS = """
SELECT phase, model_version_id, role, status, decision, string_agg(uuid_send(inference_id), ''::bytea) AS ids,
  string_agg(float8send(coalesce(score, 'NaN')), ''::bytea) AS scores, string_agg(float8send(coalesce(actual, 'NaN')), ''::bytea) AS actuals,
  string_agg(float8send(coalesce(latency_us, 'NaN'::float8)), ''::bytea) AS times, string_agg(int4send(bucket), ''::bytea) AS buckets,
  string_agg(float8send(propensity), ''::bytea) AS propensities
FROM {table} WHERE inference_id >= :first AND inference_id < :until {also} GROUP BY phase, model_version_id, role, status, decision
"""

# The same of decisions: the one that counts, the outcome, and numbers of the inputs. A shadow's copy has no final decision of its own.
DECISIONS = """
SELECT phase, model_version_id, role, status, {decision} AS decision, string_agg(float8send(coalesce(actual, 'NaN')), ''::bytea) AS actuals,
  string_agg(int4send(bucket), ''::bytea) AS buckets, string_agg(float8send(propensity), ''::bytea) AS propensities {columns}
FROM {table} WHERE inference_id >= :first AND inference_id < :until AND phase = ANY(CAST(:phases AS int[])) AND status = 'ok' AND erased_at IS NULL
GROUP BY 1, 2, 3, 4, 5
"""
FINALLY = "CASE WHEN role = 'shadow' THEN decision ELSE coalesce(final_decision, decision) END"
NUMBER = """, string_agg(float8send(CASE WHEN jsonb_typeof(inputs -> CAST(:name_{at} AS text)) = 'number'
  AND abs((inputs ->> CAST(:name_{at} AS text))::numeric) < 1e300
  THEN (inputs ->> CAST(:name_{at} AS text))::float8 ELSE 'NaN' END), ''::bytea) AS number_{at}"""

EXPLORED = """
SELECT phase, model_version_id, role, status, string_agg(float8send(score), ''::bytea) AS scores,
  string_agg(float8send(coalesce(actual, 'NaN')), ''::bytea) AS actuals, string_agg(int4send(bucket), ''::bytea) AS buckets,
  string_agg(float8send(propensity), ''::bytea) AS propensities, string_agg(float8send(coalesce(lot, 'NaN')), ''::bytea) AS lots,
  string_agg(int4send(CASE WHEN final_decision <> ALL(CAST(:approves AS text[])) THEN 1 ELSE 0 END), ''::bytea) AS refused,
  string_agg(float8send(coalesce(lot_propensity, 'NaN')), ''::bytea) AS chances {columns}
FROM {table} WHERE inference_id >= :first AND inference_id < :until AND phase = :phase AND role <> 'shadow' AND status = 'ok' AND erased_at IS NULL
  AND NOT stale AND score IS NOT NULL AND (lot_propensity IS NOT NULL OR decision = ANY(CAST(:approves AS text[]))) GROUP BY 1, 2, 3, 4
"""

PAIRS = f"""
SELECT s.phase, s.model_version_id, a.model_version_id AS other_id, string_agg(uuid_send(s.inference_id), ''::bytea) AS ids,
  string_agg(float8send(s.score), ''::bytea) AS mine, string_agg(float8send(a.score), ''::bytea) AS theirs,
  string_agg(float8send(s.actual), ''::bytea) AS actuals, string_agg(int4send(s.bucket), ''::bytea) AS buckets
FROM {{table}} s JOIN {{table}} a ON a.inference_id = (s.output->>'{SHADOW_OF}')::uuid
WHERE s.inference_id >= :first AND s.inference_id < :until AND a.inference_id >= :first AND a.inference_id < :until {{also}} AND s.role = 'shadow'
  AND s.score IS NOT NULL AND s.actual IS NOT NULL AND a.role <> 'shadow' AND a.status IN ('ok', 'fallback') AND a.score IS NOT NULL GROUP BY 1, 2, 3
"""  # noqa: S608 (a constant)


async def columns(session: AsyncSession, table: str, first: UUID, until: UUID, phase: int | None = None) -> Sequence[Row[Any]]:
    """Return the log between two ids (of one phase, or of all), by phase, version, role, status and decision, as columns of bytes."""
    return await _columns(session, COLUMNS.format(table=quoted(table), also="" if phase is None else "AND phase = :phase"), first, until, phase)


async def pair_columns(session: AsyncSession, table: str, first: UUID, until: UUID, phase: int | None = None) -> Sequence[Row[Any]]:
    """Return the shadows' rows that have an outcome, with the answers they copy, in the same form."""
    return await _columns(session, PAIRS.format(table=quoted(table), also="" if phase is None else "AND s.phase = :phase"), first, until, phase)


async def _columns(session: AsyncSession, statement: str, first: UUID, until: UUID, phase: int | None) -> Sequence[Row[Any]]:
    values = {"first": first, "until": until} | ({} if phase is None else {"phase": phase})
    return (await session.execute(text(statement), values)).all()


async def decision_columns(
    session: AsyncSession, table: str, span: tuple[UUID, UUID], phases: Sequence[int], names: Sequence[str], *, finally_: bool
) -> Sequence[Row[Any]]:
    """Return answers and copies between two ids, by phase, version, role, status and decision, as columns of bytes. `number_0` and so on are the inputs."""
    columns = "".join(NUMBER.format(at=at) for at in range(len(names)))
    statement = DECISIONS.format(table=quoted(table), decision=FINALLY if finally_ else "decision", columns=columns)
    values = {"first": span[0], "until": span[1], "phases": list(phases)} | {f"name_{at}": name for at, name in enumerate(names)}
    return (await session.execute(text(statement), values)).all()


async def explored_columns(
    session: AsyncSession, table: str, span: tuple[UUID, UUID], phase: int, approves: Sequence[str], names: Sequence[str]
) -> Sequence[Row[Any]]:
    """Return answers between two ids that the rule approved or that an exploration's lot was drawn for, by version, in the same form.

    Stale answers and fallbacks draw no lot, so their approvals stand for nobody either. `text_0` and so on are lists of inputs as text.
    """
    columns = "".join(f", array_agg(inputs ->> CAST(:name_{at} AS text)) AS text_{at}" for at in range(len(names)))
    values = {"first": span[0], "until": span[1], "phase": phase, "approves": list(approves)} | {f"name_{at}": name for at, name in enumerate(names)}
    return (await session.execute(text(EXPLORED.format(table=quoted(table), columns=columns)), values)).all()


async def bounds(session: AsyncSession, table: str) -> tuple[UUID, UUID] | None:
    """Return the first and the last id of a log; None when it is empty."""
    found = [
        (await session.execute(text(f"SELECT inference_id FROM {quoted(table)} ORDER BY inference_id {way} LIMIT 1"))).scalar_one_or_none()  # noqa: S608
        for way in ("ASC", "DESC")
    ]
    return (found[0], found[1]) if found[0] and found[1] else None
