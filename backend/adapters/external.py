"""Checks of servers that we do not run ourselves: each failure says what is wrong and what mends it."""

import ssl
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg
from redis import exceptions as redis_errors
from redis.asyncio import Redis

from backend.adapters.processes import SetupError
from backend.db.addresses import LIKE, BadAddress, connect

POSTGRES_MINIMUM = 15
REDIS_MINIMUM = (6, 2)
APP_ROLE = "tiltyard_app"

_RIGHTS = """
SELECT quote_ident(current_user) AS name, quote_ident(current_database()) AS database, pg_backend_pid() AS process,
  (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) AS may_create_roles,
  has_schema_privilege('public', 'CREATE') AS may_create_tables,
  EXISTS (SELECT FROM pg_roles WHERE rolname = 'tiltyard_app') AS app_role_exists,
  (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
    OR (current_setting('server_version_num')::int < 160000 AND (SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user))
    OR (SELECT pg_has_role(oid, 'MEMBER WITH ADMIN OPTION') FROM pg_roles WHERE rolname = 'tiltyard_app') AS may_manage_app_role
"""


_POOLER = (
    "A connection pooler such as PgBouncer answers at {where}. The hub needs connections of its own (it listens, holds advisory locks and keeps prepared "
    "statements): set TILTYARD_DATABASE_URL to the address of PostgreSQL itself."
)
_OF_POOLERS = (asyncpg.DuplicatePreparedStatementError, asyncpg.InvalidSQLStatementNameError, asyncpg.ProtocolViolationError)


async def check_postgres(url: str) -> None:
    """Check that PostgreSQL is reachable and new enough, and that this role may run migrations. Raises SetupError."""
    where = _where(url, 5432)
    connection = await _connect(url, where)
    try:
        if connection.get_server_version().major < POSTGRES_MINIMUM:
            found = connection.get_server_version()
            raise SetupError(f"PostgreSQL at {where} is version {found.major}.{found.minor}; Tiltyard needs {POSTGRES_MINIMUM} or newer. Upgrade that server.")
        rights = await connection.fetchrow(_RIGHTS)
        if rights["process"] != connection.get_server_pid():
            raise SetupError(_POOLER.format(where=where))
    except asyncpg.PostgresError as error:  # a pooler, between two transactions
        raise SetupError(_POOLER.format(where=where) if isinstance(error, _OF_POOLERS) else f"PostgreSQL at {where} answers: {error}.") from error
    finally:
        await connection.close()
    name, database = rights["name"], rights["database"]
    if not rights["may_create_tables"]:
        raise SetupError(f"The role {name} may not create tables in {database} at {where}. Run there: ALTER DATABASE {database} OWNER TO {name};")
    if not rights["app_role_exists"] and not rights["may_create_roles"]:
        raise SetupError(
            f"The role {name} at {where} may not create roles, and the hub works under one of its own, {APP_ROLE}. Run there: ALTER ROLE {name} CREATEROLE;"
        )
    if rights["app_role_exists"] and not rights["may_manage_app_role"]:
        raise SetupError(f"The role {APP_ROLE} at {where} exists, but {name} may not grant it. Run there: GRANT {APP_ROLE} TO {name} WITH ADMIN OPTION;")


async def _connect(url: str, where: str) -> Any:
    setting = "Check TILTYARD_DATABASE_URL."
    try:
        return await connect(url, timeout=10, server_settings={"application_name": "tiltyard", "jit": "off"})
    except BadAddress as error:
        raise SetupError(f"TILTYARD_DATABASE_URL cannot be used. {error.message}") from None
    except asyncpg.InvalidCatalogNameError as error:
        raise SetupError(f"PostgreSQL at {where}: {error}. Create it there with CREATE DATABASE, owned by the role of the address. {setting}") from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:  # a wrong password is one of these
        hint = " The server takes only TLS connections: write sslmode=require." if "no encryption" in str(error) else ""
        raise SetupError(f"PostgreSQL at {where} refuses the sign-in: {error}.{hint} {setting}") from error
    except asyncpg.ProtocolViolationError as error:
        raise SetupError(f"{_POOLER.format(where=where)} It said: {error}.") from error
    except asyncpg.PostgresError as error:
        raise SetupError(f"PostgreSQL at {where} answers: {error}. {setting}") from error
    except ssl.SSLCertVerificationError as error:
        raise SetupError(
            f"The certificate of PostgreSQL at {where} is not trusted under sslmode: {error.verify_message.rstrip('.')}. "
            f"Name the authority with sslrootcert=/path/ca.pem, and write the host as in the certificate. {setting}"
        ) from error
    except ssl.SSLError as error:
        raise SetupError(f"A TLS connection with PostgreSQL at {where} failed: {error.reason or 'the handshake failed'}. {setting}") from error
    except (ValueError, asyncpg.InterfaceError) as error:
        raise SetupError(f"TILTYARD_DATABASE_URL cannot be used: {_without_secrets(error, url)}. It looks like {LIKE}") from None
    except (TimeoutError, OSError) as error:
        if "rejected SSL upgrade" in str(error):
            raise SetupError(
                f"PostgreSQL at {where} offers no TLS, but sslmode asks for TLS. Switch TLS on there, or write sslmode=disable. {setting}"
            ) from error
        raise SetupError(f"PostgreSQL does not answer at {where} ({str(error) or 'no answer in time'}). Start it, or correct the address. {setting}") from error


def _without_secrets(error: Exception, url: str) -> str:
    """Return a library's words about an address, unless they contain a part of the password."""
    password = urlsplit(url).netloc.rpartition("@")[0].partition(":")[2]
    said = str(error)
    return "a part of it cannot be read" if password and (password in said or unquote(password) in said) else said


async def check_redis(url: str) -> None:
    """Check that Redis is reachable and new enough, and that we may write streams. Raises SetupError."""
    where = _where(url, 6379)
    setting = "Check TILTYARD_REDIS_URL."
    try:
        async with Redis.from_url(url, socket_connect_timeout=10, socket_timeout=10) as client:
            version = (await client.info("server"))["redis_version"]
            if tuple(int(part) for part in version.split(".")[:2]) < REDIS_MINIMUM:
                raise SetupError(f"Redis at {where} is version {version}; Tiltyard needs {'.'.join(map(str, REDIS_MINIMUM))} or newer. Upgrade that server.")
            await client.xadd("tiltyard:check", {"check": "1"}, maxlen=1)
            await client.delete("tiltyard:check")
    except (redis_errors.AuthenticationError, redis_errors.NoPermissionError) as error:
        raise SetupError(f"Redis at {where} refuses us: {error}. The user in the address needs ~tiltyard:* ~arq:* &* +@all. {setting}") from error
    except (redis_errors.ConnectionError, redis_errors.TimeoutError, OSError) as error:
        raise SetupError(f"Redis does not answer at {where} ({error}). Start it, or correct the address. {setting}") from error
    except redis_errors.RedisError as error:
        raise SetupError(f"Redis at {where} takes no writes: {error}. It must be a primary with free memory. {setting}") from error
    except ValueError as error:
        raise SetupError(f"TILTYARD_REDIS_URL cannot be read: {error}. It looks like redis://:password@host:6379/0") from error


def _where(url: str, default_port: int) -> str:
    """Return host and port of an address, without its password."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port or default_port}" if parts.hostname else parts.path or "an address without a host"
    except ValueError:
        return "an address that cannot be read"
