"""Rows that another platform made: written into a group's log, in no phase, so that no comparison counts them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from backend.ids import moment_of
from backend.inference_log import imported_rows_repository, outcome_lock
from backend.work.unit import UnitOfWork

OF_A_ROW = ("22", "23", "54")
"""The classes of PostgreSQL's errors that are about a value, a constraint or a limit, and so about one row."""
Untaken = list[tuple[UUID, str]]
"""Rows that PostgreSQL refuses, each with the reason."""


async def insert(work: UnitOfWork, group_id: UUID, table: str, rows: Sequence[Mapping[str, Any]]) -> tuple[set[UUID], Untaken]:
    """Write the rows that are not there yet, after making the partitions of their weeks; gives the ids that are new, and the rows that are refused.

    Until the transaction ends, no outcomes of the group are recorded.
    """
    await outcome_lock.before_rows(work, group_id)
    for moment in _weeks(row["inference_id"] for row in rows):
        await imported_rows_repository.add_partitions(work.session, group_id, moment)
    return await _insert(work, table, rows)


def _weeks(ids: Iterable[UUID]) -> list[datetime]:
    """A moment of each week that ids are of: their partitions go by the ids."""
    moments = map(moment_of, ids)
    return sorted({at.date() - timedelta(days=at.weekday()): at for at in moments}.values())


async def _insert(work: UnitOfWork, table: str, rows: Sequence[Mapping[str, Any]]) -> tuple[set[UUID], Untaken]:
    """Rows that hold a refused one are halved until it is alone."""
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
    """PostgreSQL's own words, without the driver's."""
    said = str(error.orig).partition(">: ")
    return f"the database does not take it: {said[2] or said[0]}"[:300]
