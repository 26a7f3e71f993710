"""The connection pool, as the application's own role."""

import hashlib
import hmac
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

APP_ROLE = "tiltyard_app"


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def sqlalchemy_url(url: str) -> str:
    """The same address for SQLAlchemy's asyncpg driver."""
    scheme, rest = url.split("://", 1)
    if scheme not in {"postgresql", "postgres", "postgresql+asyncpg"}:
        raise ValueError(f"A PostgreSQL address starts with postgresql://, not {scheme}://")
    return f"postgresql+asyncpg://{rest}"


def app_password(secret_key: str) -> str:
    """The app role's password: derived, so that every process of an installation knows it and no file keeps it.

    Roles belong to a server, not to a database: installations that share a server share `secret_key`, or set `TILTYARD_APP_DATABASE_URL`.
    """
    return hmac.new(secret_key.encode(), b"tiltyard app role", hashlib.sha256).hexdigest()


def app_url(secret_key: str, database_url: str) -> str:
    """The owner's address with the app role's name and password in it."""
    parts = urlsplit(database_url)
    host = parts.netloc.rpartition("@")[2]
    user = f"{APP_ROLE}:{app_password(secret_key)}"
    return urlunsplit(parts._replace(netloc=f"{user}@{host}"))


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
