"""All SQL that reads a group's log. The table's name always comes from `groups.table_name`, and is quoted."""

import functools
import operator
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.identifiers import quoted
from backend.ids import first_id_at
from backend.inference_log.columns import COLUMNS
from schemas.inference import BrowseInferences, Explanation

FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)
SUMMARY = (
    "inference_id, requested_at, version, role, phase, entity_key, score, label, status, explained_at IS NOT NULL AS explained, actual, latency_us, "
    "decision, final_decision"
)

TOTALS = """
SELECT count(*) FILTER (WHERE status <> 'failed' AND role <> 'shadow') AS total, count(actual) FILTER (WHERE role <> 'shadow') AS labelled,
  count(*) FILTER (WHERE explained_at IS NULL AND status <> 'failed') AS waiting_explanation,
  count(*) FILTER (WHERE role = 'shadow' AND status <> 'failed') AS shadow_scored,
  count(*) FILTER (WHERE role = 'shadow' AND status = 'failed') AS shadow_failed
FROM {table} WHERE imported_from IS NULL
"""

MINUTES = """
SELECT date_trunc('minute', requested_at) AS minute, model_version_id, version, count(*) AS predictions FROM {table}
WHERE inference_id >= :first AND status <> 'failed' AND role <> 'shadow' GROUP BY 1, 2, 3 ORDER BY 1, 3, 2
"""

# The latest requests of a span, and those that lack a feature: absent or null.
LACKING = """
WITH asked AS (
  SELECT inputs FROM {table} WHERE inference_id >= :first AND role <> 'shadow' AND status IN ('ok', 'fallback') AND erased_at IS NULL
    AND imported_from IS NULL ORDER BY inference_id DESC LIMIT :most),
wanted AS (SELECT name FROM unnest(CAST(:names AS text[])) AS w(name)),
lacking AS (SELECT a.inputs, w.name FROM asked a JOIN wanted w ON coalesce(a.inputs -> w.name, 'null') = 'null')
SELECT NULL AS name, (SELECT count(*) FROM asked) AS requests,
  (SELECT count(*) FROM asked a WHERE EXISTS (SELECT FROM wanted w WHERE coalesce(a.inputs -> w.name, 'null') = 'null')) AS lacking
UNION ALL (SELECT name, 0, count(*) FROM lacking GROUP BY name ORDER BY count(*) DESC LIMIT :features)
"""

PASSED_OVER = """
SELECT split_part(error, :marker, 1) AS version, split_part(error, :marker, 2) AS lacks, count(*) AS requests FROM {table}
WHERE inference_id >= :first AND phase = :phase AND status = 'ok' AND strpos(error, :marker) > 0 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 200
"""

# Inputs of the latest requests that are none of the named features.
UNREAD = """
SELECT i.name, count(*) AS requests FROM (
  SELECT inputs FROM {table} WHERE role <> 'shadow' AND imported_from IS NULL AND erased_at IS NULL ORDER BY inference_id DESC LIMIT :most) AS latest,
  jsonb_object_keys(CASE WHEN jsonb_typeof(inputs) = 'object' THEN inputs ELSE '{{}}' END) AS i(name)
WHERE i.name <> ALL(CAST(:names AS text[])) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :features
"""

EXPLAIN = """
UPDATE {table} AS l SET explanation = u.explanation, explained_at = :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:explanations AS jsonb[])) AS u(id, explanation) WHERE l.inference_id = u.id AND l.explained_at IS NULL
"""

# All columns that may change after a row was written.
CHANGING = "hash_record_extended(ROW(inference_id, explained_at, actual, actual_at, actual_history, erased_at, final_details), 0)"
STATED = f"{', '.join(COLUMNS)}, {CHANGING} AS state"
"""The columns of a row, and a digest of its state."""


class State(NamedTuple):
    """The state of a log's rows: their number, and a digest that changes with any of them."""

    rows: int
    digest: int

    def with_rows(self, rows: Sequence[Row[Any]]) -> "State":
        """Return the state with these rows and their `STATED` digests added."""
        return State(self.rows + len(rows), functools.reduce(operator.xor, (row.state for row in rows), self.digest))


async def browse(session: AsyncSession, table: str, wanted: BrowseInferences, before_id: UUID | None) -> Sequence[Row[Any]]:
    """Return matching rows, newest first, one more than asked for."""
    conditions, values = _conditions(wanted, before_id)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    statement = text(f"SELECT {SUMMARY} FROM {quoted(table)} {where} ORDER BY inference_id DESC LIMIT :limit")  # noqa: S608 (quoted; values are bound)
    return (await session.execute(statement, {**values, "limit": wanted.limit + 1})).all()


async def one(session: AsyncSession, table: str, inference_id: UUID) -> Row[Any] | None:
    """Return one complete row."""
    statement = text(f"SELECT {', '.join(COLUMNS)} FROM {quoted(table)} WHERE inference_id = :id")  # noqa: S608 (quoted)
    return (await session.execute(statement, {"id": inference_id})).one_or_none()


async def totals(session: AsyncSession, table: str) -> Row[Any]:
    """Return the numbers of rows."""
    return (await session.execute(text(TOTALS.format(table=quoted(table))))).one()


async def minutes(session: AsyncSession, table: str, since: datetime) -> Sequence[Row[Any]]:
    """Return counts by minute and version."""
    return (await session.execute(text(MINUTES.format(table=quoted(table))), {"first": first_id_at(since)})).all()


async def passed_over(session: AsyncSession, table: str, phase: int, since: datetime, marker: str) -> Sequence[Row[Any]]:
    """Return the answered rows of a phase (opened at `since`) with the marker in their note: the text before it, the text after it, and their number."""
    values = {"first": first_id_at(since), "phase": phase, "marker": marker}
    return (await session.execute(text(PASSED_OVER.format(table=quoted(table))), values)).all()


async def unexplained(session: AsyncSession, table: str, without: Collection[UUID], limit: int) -> Sequence[Row[Any]]:
    """Return answered rows without an explanation, oldest first, except those of some versions."""
    statement = text(
        f"SELECT inference_id, model_version_id, inputs FROM {quoted(table)} WHERE explained_at IS NULL AND status IN ('ok', 'fallback') "  # noqa: S608 (quoted)
        "AND model_version_id <> ALL(CAST(:without AS uuid[])) ORDER BY inference_id LIMIT :limit"
    )
    return (await session.execute(statement, {"without": list(without), "limit": limit})).all()


async def set_explanations(session: AsyncSession, table: str, explained: Mapping[UUID, Explanation], now: datetime) -> None:
    """Write late explanations."""
    texts = [msgspec.json.encode(one).decode() for one in explained.values()]
    await session.execute(text(EXPLAIN.format(table=quoted(table))), {"ids": list(explained), "explanations": texts, "now": now})


async def page_after(
    session: AsyncSession,
    table: str,
    after: UUID | None,
    limit: int,
    first: UUID | None = None,
    until: UUID | None = None,
    *,
    columns: str = ", ".join(COLUMNS),
) -> Sequence[Row[Any]]:
    """Return complete rows in the order of their ids, after an id; optionally only those from `first` to before `until`."""
    bounds = {"after": after, "first": first, "until": until}
    signs = {"after": ">", "first": ">=", "until": "<"}
    given = {name: bound for name, bound in bounds.items() if bound}
    where = f"WHERE {' AND '.join(f'inference_id {signs[name]} :{name}' for name in given)}" if given else ""
    statement = text(f"SELECT {columns} FROM {quoted(table)} {where} ORDER BY inference_id LIMIT :limit")  # noqa: S608 (quoted)
    return (await session.execute(statement, {"limit": limit, **given})).all()


async def state(session: AsyncSession, table: str, first: UUID = FIRST, until: UUID = LAST) -> State:
    """Return the state of the rows from one id to before another, or of all rows."""
    statement = text(
        f"SELECT count(*) AS rows, coalesce(bit_xor({CHANGING}), 0) AS digest FROM {quoted(table)} "  # noqa: S608 (quoted)
        "WHERE inference_id >= :first AND inference_id < :until"
    )
    row = (await session.execute(statement, {"first": first, "until": until})).one()
    return State(row.rows, row.digest)


async def missing(session: AsyncSession, table: str, ids: Sequence[UUID]) -> bool:
    """Return whether any of these is missing from the log."""
    statement = text(f"SELECT count(*) FROM {quoted(table)} WHERE inference_id = ANY(CAST(:ids AS uuid[]))")  # noqa: S608 (quoted)
    return int((await session.execute(statement, {"ids": ids})).scalar_one()) < len(ids)


def _conditions(wanted: BrowseInferences, before_id: UUID | None) -> tuple[list[str], dict[str, Any]]:
    bounds = {"after": wanted.after and first_id_at(wanted.after), "before": wanted.before and first_id_at(wanted.before), "cursor": before_id}
    comparisons = {
        "after": "inference_id >= :after",
        "before": "inference_id < :before",
        "cursor": "inference_id < :cursor",
        "version": "version = :version",
        "role": "role = :role",
        "phase": "phase = :phase",
        "status": "status = :status",
        "decision": "decision = :decision",
        "min_score": "score >= :min_score",
        "max_score": "score <= :max_score",
    }
    given = {name: value for name in comparisons if (value := bounds.get(name, getattr(wanted, name, None))) is not None}
    conditions = [comparisons[name] for name in given]
    if wanted.labelled is not None:
        conditions.append("actual IS NOT NULL" if wanted.labelled else "actual IS NULL")
    if wanted.search:
        given["search"] = wanted.search
        meant = ["entity_key = :search", "correlation_id = :search"]
        if identifier := as_uuid(wanted.search):
            given["identifier"] = identifier
            meant.append("inference_id = :identifier")
        conditions.append(f"({' OR '.join(meant)})")
    return conditions, given


def as_uuid(said: str) -> UUID | None:
    """Return the id in a text, if it is a UUID in its usual form."""
    try:
        return UUID(said) if len(said) == 36 else None
    except ValueError:
        return None


class Lacking(NamedTuple):
    """Numbers of requests, of requests that lack a feature, and of each missing feature, the most frequent first."""

    requests: int
    lacking: int
    features: list[tuple[str, int]]


async def lacking(session: AsyncSession, table: str, since: datetime, names: Sequence[str], most: int, features: int = 5) -> Lacking:
    """Count, among the latest `most` requests since a time, those that omit a named feature or send null."""
    values = {"first": first_id_at(since), "names": list(names), "most": most, "features": features}
    whole, *each = (await session.execute(text(LACKING.format(table=quoted(table))), values)).all()
    return Lacking(int(whole.requests), int(whole.lacking), [(row.name, int(row.lacking)) for row in each])


async def unread(session: AsyncSession, table: str, names: Sequence[str], most: int, features: int = 20) -> list[tuple[str, int]]:
    """Return inputs of the latest `most` requests that are none of the named features, with their number of requests, the most frequent first."""
    values = {"names": list(names), "most": most, "features": features}
    rows = await session.execute(text(UNREAD.format(table=quoted(table))), values)
    return [(row.name, int(row.requests)) for row in rows]
