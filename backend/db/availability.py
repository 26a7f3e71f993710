"""Tells an unavailable database apart from other errors in a transaction."""

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from backend.errors import Unavailable

T = TypeVar("T")
log = logging.getLogger("tiltyard.db")

UNREACHABLE: Final = (SQLAlchemyError, asyncpg.PostgresError, OSError, TimeoutError)
"""Errors of opening a transaction while PostgreSQL is gone, starting, stopping or full."""
NOT_OPENED: Final = "The database is not answering. Nothing was done; try again shortly."
CUT_OFF: Final = "The database stopped answering in the middle. Check whether the change was made before you try again."


@asynccontextmanager
async def unless_away(opening: AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
    """Run the block. Raises Unavailable when its transaction cannot be opened, or loses its connection."""
    opened = False
    try:
        async with opening as inside:
            opened = True
            yield inside
    except UNREACHABLE as error:
        if opened and not (isinstance(error, DBAPIError) and error.connection_invalidated):
            raise
        log.warning("the database is not answering: %r", error)
        raise Unavailable(CUT_OFF if opened else NOT_OPENED) from error
