"""Rows of another platform, written into a group's log without a phase, so that no comparison counts them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from backend.ids import moment_of
from backend.inference_log import imported_rows_repository, outcome_lock
from backend.work.unit import UnitOfWork

OF_A_ROW = ("22", "23", "54")
"""The classes of PostgreSQL's errors about a value, a constraint or a limit, and so about one row."""
Untaken = list[tuple[UUID, str]]
"""Rows that PostgreSQL refuses, each with the reason."""


async def insert(work: UnitOfWork, group_id: UUID, table: str, rows: Sequence[Mapping[str, Any]]) -> tuple[set[UUID], Untaken]:
    """Create the partitions of the rows' weeks, and insert the rows that are missing. Return the new ids and the refused rows.

    Until the transaction ends, no outcomes of the group are recorded.
    """
    await outcome_lock.before_rows(work, group_id)
    for moment in _weeks(row["inference_id"] for row in rows):
        await imported_rows_repository.add_partitions(work.session, group_id, moment)
    return await _insert(work, table, rows)


def _weeks(ids: Iterable[UUID]) -> list[datetime]:
    """Return one time in each week of the ids: ids choose the partition."""
    moments = map(moment_of, ids)
    return sorted({at.date() - timedelta(days=at.weekday()): at for at in moments}.values())


async def _insert(work: UnitOfWork, table: str, rows: Sequence[Mapping[str, Any]]) -> tuple[set[UUID], Untaken]:
    """Insert rows. Halve those with a refused row until it is alone."""
    if not rows:
        return set(), []
    try:
        async with work.session.begin_nested():
            return set(await imported_rows_repository.insert(work.session, table, rows)), []
    except DBAPIError as error:
        if str(getattr(error.orig, "sqlstate", None))[:2] not in OF_A_ROW:
            raise
        if len(rows) == 1:
            return set(), [(rows[0]["inference_id"], _why(error))]
    middle = len(rows) // 2
    first, second = await _insert(work, table, rows[:middle]), await _insert(work, table, rows[middle:])
    return first[0] | second[0], first[1] + second[1]


def _why(error: DBAPIError) -> str:
    """Return PostgreSQL's own words, without the driver's."""
    said = str(error.orig).partition(">: ")
    return f"the database refuses it: {said[2] or said[0]}"[:300]
