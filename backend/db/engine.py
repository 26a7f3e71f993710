"""The connection pool, as the application's own role."""

from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from backend.db.addresses import sqlalchemy_url


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def make_engine(url: str, pool_size: int = 10) -> AsyncEngine:
    """A pool that encodes JSON by msgspec and checks a connection before handing it out."""
    return create_async_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        json_serializer=_encode,
        json_deserializer=msgspec.json.decode,
        connect_args={"timeout": 10, "server_settings": {"application_name": "tiltyard", "jit": "off"}},
    )
