"""Pages of a group's log. A page's cursor is the last id of the page before."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backend.errors import Invalid
from backend.ids import first_id_at
from backend.inference_log import queries
from backend.work.unit import UnitOfWork
from schemas.common import Issue


def id_of(cursor: str | None) -> UUID | None:
    """Return the id in a cursor; None without one. Raises Invalid."""
    found = queries.as_uuid(cursor) if cursor else None
    if cursor and found is None:
        raise Invalid(
            "This cursor is not from a page of this list. Leave it out to start at the beginning.", issues=[Issue(pointer="/cursor", message="not a cursor")]
        )
    return found


async def read(work: UnitOfWork, table: str, cursor: str | None, limit: int, after: datetime | None, before: datetime | None) -> list[dict[str, Any]]:
    """Return at most `limit` inferences by column, oldest first: after the cursor, from `after` to before `before`. Raises Invalid."""
    bounds = [first_id_at(moment) if moment else None for moment in (after, before)]
    return [dict(row._mapping) for row in await queries.page_after(work.session, table, id_of(cursor), limit, *bounds)]
