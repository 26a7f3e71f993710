"""Connection pools: the application's own, and temporary ones of the owner."""

from functools import partial
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from backend.db.addresses import connect, read

_DIALECT = "postgresql+asyncpg://"


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def make_engine(url: str, pool_size: int = 10) -> AsyncEngine:
    """Return an engine that encodes JSON by msgspec and checks a connection before use. Its errors contain no values. Raises BadAddress."""
    read(url)
    return create_async_engine(
        _DIALECT,
        async_creator=partial(connect, url, timeout=10, server_settings={"application_name": "tiltyard", "jit": "off"}),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,
        json_serializer=_encode,
        json_deserializer=msgspec.json.decode,
    )


def passing_engine(url: str) -> AsyncEngine:
    """Return an engine for one piece of work, which keeps no connections. Its errors contain no values. Raises BadAddress."""
    read(url)
    return create_async_engine(_DIALECT, async_creator=partial(connect, url), poolclass=NullPool, hide_parameters=True)
