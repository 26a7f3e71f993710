"""Pages of a group's log; a page's cursor is the last id of the page before it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backend.errors import Invalid
from backend.ids import first_id_at
from backend.inference_log import queries
from backend.work.unit import UnitOfWork
from schemas.common import Issue


def id_of(cursor: str | None) -> UUID | None:
    """The id that a cursor is; None without one. Raises Invalid."""
    found = queries.as_uuid(cursor) if cursor else None
    if cursor and found is None:
        raise Invalid("This cursor is not one that a page ended with.", issues=[Issue(pointer="/cursor", message="not a cursor")])
    return found


async def read(work: UnitOfWork, table: str, cursor: str | None, limit: int, after: datetime | None, before: datetime | None) -> list[dict[str, Any]]:
    """At most `limit` inferences by column, oldest first: those after the cursor, made from `after` up to but not at `before`. Raises Invalid."""
    bounds = [first_id_at(moment) if moment else None for moment in (after, before)]
    return [dict(row._mapping) for row in await queries.page_after(work.session, table, id_of(cursor), limit, *bounds)]
