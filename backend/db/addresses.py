"""Addresses of PostgreSQL: for SQLAlchemy, and for the application's own role."""

import hashlib
import hmac
from urllib.parse import urlsplit, urlunsplit

APP_ROLE = "tiltyard_app"


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
