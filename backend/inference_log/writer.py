"""Writes rows into a log's table: COPY into a temporary table (COPY cannot write to a table with row-level security), then insert the missing rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.exc import DBAPIError

from backend.db.identifiers import quoted
from backend.groups.events import GROUP_CHANGED
from backend.hub import Hub
from backend.ids import SHADOW_OF, moment_of
from backend.inference_log import outcome_lock, repository
from backend.inference_log.columns import JSON, WRITTEN
from backend.inference_log.refs import LogRef
from backend.inference_log.rows import Row
from backend.work.unit import UnitOfWork

STAGE = "intake_rows"
STAGED = f"""
CREATE TEMP TABLE IF NOT EXISTS {STAGE} (
  inference_id uuid, requested_at timestamptz, model_version_id uuid, version text, role text, phase int, bucket int, propensity float8, entity_key text,
  correlation_id text, caller text, inputs text, context text, segments text, output text, score float8, label text, explanation text,
  explained_at timestamptz, latency_us int, stale boolean, status text, error text, decision text, decision_rule text, lot float8, lot_propensity float8)
  ON COMMIT DELETE ROWS;
DELETE FROM pg_temp.{STAGE}
"""  # noqa: S608 (constant)
"""JSON is staged as text: writing binary jsonb here would cost Python time."""
TOLD = "phase, model_version_id, role, status, bucket, propensity, score, latency_us, decision"
"""Columns that observers get, beside `inference_id`, `correlation_id` and `answered` (for a shadow's row, the id of the copied answer)."""
TELL_EVERY = timedelta(seconds=1)
"""The shortest time between two notices that new rows changed a group."""
AHEAD = timedelta(weeks=3)
Refused = tuple[int, str]
"""A row that PostgreSQL refuses: its place in the batch, and the reason."""


async def write(work: UnitOfWork, log: LogRef, rows: Sequence[Row]) -> list[Refused]:
    """Write rows, each once, and notify the observers of the new ones. Return those that cannot be stored."""
    await outcome_lock.before_rows(work, log.group_id)
    refused: list[Refused] = []
    written: list[Mapping[str, Any]] = []
    await _write_part(work, log, rows, 0, written, refused)
    if written:
        for observer in work.hub.observers:
            await observer.on_rows(work, log.group_id, log.table_name, written)
        work.live(GROUP_CHANGED, log.slug, every=TELL_EVERY)
    return refused


async def _write_part(work: UnitOfWork, log: LogRef, rows: Sequence[Row], start: int, written: list[Mapping[str, Any]], refused: list[Refused]) -> None:
    """Write a batch. Halve one with a refused row until that row is alone."""
    try:
        async with work.session.begin_nested():
            written += await _insert(await raw_connection(work), log.table_name, rows)
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        if len(rows) == 1:
            refused.append((start, f"{type(error).__name__}: {error}"[:500]))
            return
        middle = len(rows) // 2
        await _write_part(work, log, rows[:middle], start, written, refused)
        await _write_part(work, log, rows[middle:], start + middle, written, refused)


async def _insert(raw: Any, table: str, rows: Sequence[Row]) -> list[Mapping[str, Any]]:
    await raw.execute(STAGED)
    await raw.copy_records_to_table(STAGE, records=rows, columns=WRITTEN)
    columns = ", ".join(WRITTEN)
    values = ", ".join(f"{name}::jsonb" if name in JSON else name for name in WRITTEN)
    found: list[Mapping[str, Any]] = await raw.fetch(
        f"INSERT INTO {quoted(table)} ({columns}) SELECT {values} FROM pg_temp.{STAGE} ON CONFLICT DO NOTHING "  # noqa: S608 (quoted)
        f"RETURNING inference_id, correlation_id, CASE WHEN role = 'shadow' THEN (output->>'{SHADOW_OF}')::uuid END AS answered, {TOLD}"
    )
    return found


async def raw_connection(work: UnitOfWork) -> Any:
    """Return the asyncpg connection of the unit of work, in its transaction."""
    connection = await work.session.connection()
    return (await connection.get_raw_connection()).driver_connection


class Partitions:
    """The time spans for which each log is known to have partitions. They are created in advance, so that no row waits."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._covered: dict[UUID, tuple[datetime, datetime]] = {}

    async def cover(self, log: LogRef, ids: Sequence[UUID]) -> None:
        """Make sure that the log has a partition for each id and for the coming weeks. Impossible times are left to fail one by one."""
        moments = [moment_of(identifier) for identifier in (min(ids), max(ids))]
        first, until = self._covered.get(log.group_id, (moments[1], moments[0]))
        if first <= moments[0] and moments[1] + AHEAD / 2 <= until:
            return
        wanted = moments[0] - timedelta(days=1), max(moments[1], self._hub.clock.now()) + AHEAD
        try:
            async with self._hub.work(log.actor) as work:
                await repository.add_partitions(work.session, log.group_id, *wanted)
            self._covered[log.group_id] = wanted
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != asyncpg.InvalidParameterValueError.sqlstate:
                raise
