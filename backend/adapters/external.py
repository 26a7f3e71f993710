"""Checks of servers that we do not run ourselves: each failure says what is wrong and what mends it."""

from urllib.parse import urlsplit

import asyncpg
from redis import exceptions as redis_errors
from redis.asyncio import Redis

from backend.adapters.processes import SetupError

POSTGRES_MINIMUM = 15
REDIS_MINIMUM = (6, 2)
APP_ROLE = "tiltyard_app"

_RIGHTS = """
SELECT current_user AS name, current_database() AS database,
  (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) AS may_create_roles,
  has_schema_privilege('public', 'CREATE') AS may_create_tables,
  EXISTS (SELECT FROM pg_roles WHERE rolname = 'tiltyard_app') AS app_role_exists,
  (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
    OR (SELECT pg_has_role(oid, 'MEMBER WITH ADMIN OPTION') FROM pg_roles WHERE rolname = 'tiltyard_app') AS may_manage_app_role
"""


async def check_postgres(url: str) -> None:
    """Reachable, new enough, and this role may do what migrations do. Raises SetupError."""
    where = _where(url, 5432)
    connection = await _connect(url, where)
    try:
        if connection.get_server_version().major < POSTGRES_MINIMUM:
            found = connection.get_server_version()
            raise SetupError(f"PostgreSQL at {where} is version {found.major}.{found.minor}; Tiltyard needs {POSTGRES_MINIMUM} or newer. Upgrade that server.")
        rights = await connection.fetchrow(_RIGHTS)
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
        raise SetupError(f"The role {APP_ROLE} at {where} exists, but {name} may not manage it. Run there: GRANT {APP_ROLE} TO {name} WITH ADMIN OPTION;")


async def _connect(url: str, where: str) -> asyncpg.Connection:
    setting = "Check TILTYARD_DATABASE_URL."
    try:
        return await asyncpg.connect(url, timeout=10)
    except asyncpg.InvalidCatalogNameError as error:
        raise SetupError(f"PostgreSQL at {where}: {error}. Create it there with CREATE DATABASE, owned by the role of the address. {setting}") from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:  # a wrong password is one of these
        raise SetupError(f"PostgreSQL at {where} refuses the sign-in: {error}. {setting}") from error
    except asyncpg.PostgresError as error:
        raise SetupError(f"PostgreSQL at {where} answers: {error}. {setting}") from error
    except (ValueError, asyncpg.InterfaceError) as error:
        raise SetupError(f"TILTYARD_DATABASE_URL cannot be read: {error}. It looks like postgresql://owner:password@host:5432/database") from error
    except (TimeoutError, OSError) as error:
        raise SetupError(f"PostgreSQL does not answer at {where} ({str(error) or 'no answer in 10 s'}). Start it, or correct the address. {setting}") from error


async def check_redis(url: str) -> None:
    """Reachable, new enough, and we may write streams. Raises SetupError."""
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
        raise SetupError(f"Redis at {where} refuses us: {error}. The user of the address needs ~tiltyard:* ~arq:* &* +@all. {setting}") from error
    except (redis_errors.ConnectionError, redis_errors.TimeoutError, OSError) as error:
        raise SetupError(f"Redis does not answer at {where} ({error}). Start it, or correct the address. {setting}") from error
    except redis_errors.RedisError as error:
        raise SetupError(f"Redis at {where} cannot be written to: {error}. It must be a primary, with memory left. {setting}") from error
    except ValueError as error:
        raise SetupError(f"TILTYARD_REDIS_URL cannot be read: {error}. It looks like redis://:password@host:6379/0") from error


def _where(url: str, default_port: int) -> str:
    """Host and port of an address, without its password."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port or default_port}" if parts.hostname else parts.path or "an address without a host"
    except ValueError:
        return "an address that cannot be read"
