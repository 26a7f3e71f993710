"""Completes the settings: the servers, the secret, and the environment of child processes."""

import asyncio
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from backend.adapters.embedded import EmbeddedServers, borrow, urls_of
from backend.adapters.embedded_home import locked, prepare_data_dir, read_keys
from backend.adapters.external import check_postgres, check_redis
from backend.adapters.processes import Progress, SetupError, write_private
from backend.adapters.vault import new_key
from backend.db.addresses import application_url
from backend.settings import Settings


def read_settings(data_dir: Path | None, **overrides: object) -> Settings:
    """Return settings from the environment and the command line, with an absolute data folder."""
    settings = Settings.from_environment(os.environ, data_dir=data_dir, **overrides)
    return msgspec.structs.replace(settings, data_dir=settings.data_dir.expanduser().resolve())


def embedded(settings: Settings) -> bool:
    """Return whether we need our own server."""
    return settings.database_url is None or settings.redis_url is None


def complete(settings: Settings, servers: EmbeddedServers | None) -> Settings:
    """Return settings with every address and the secret. A given address wins over the embedded server's."""
    return msgspec.structs.replace(
        settings,
        database_url=settings.database_url or (servers.database_url if servers else None),
        redis_url=settings.redis_url or (servers.redis_url if servers else None),
        secret_key=settings.secret_key or _secret_key(settings.data_dir),
        kek=settings.kek or _kek(settings),
    )


def check_external(settings: Settings) -> None:
    """Check the servers named in the settings. Raises SetupError with the problem and how to fix it."""
    if settings.database_url:
        asyncio.run(check_postgres(settings.database_url))
    if settings.redis_url:
        asyncio.run(check_redis(settings.redis_url))


@contextmanager
def installation(settings: Settings, progress: Progress) -> Iterator[Settings]:
    """Open an installation for a while. Start embedded servers that do not run, and stop them at the end."""
    check_external(settings)
    prepare_data_dir(settings.data_dir)
    if not embedded(settings):
        yield complete(settings, None)
        return
    with borrow(settings.data_dir, progress) as servers:
        yield complete(settings, servers)


def running_installation(settings: Settings) -> Settings:
    """Open an installation for `serve` and `worker`, which start no servers. It uses those of the settings, or those of a running `up` on the data folder."""
    if settings.redis_url and (settings.database_url or settings.app_database_url):
        return complete(settings, None)
    keys = read_keys(settings.data_dir)
    if keys is None or not keys.created or not locked(settings.data_dir):
        raise SetupError(
            f"No servers run on {settings.data_dir}. `tiltyard up` starts them and everything else; "
            "or set TILTYARD_DATABASE_URL and TILTYARD_REDIS_URL to your own servers."
        )
    return complete(settings, urls_of(keys))


def environment_of(settings: Settings) -> dict[str, str]:
    """Return our environment with these settings, for a child process."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TILTYARD_")}
    given = {f"TILTYARD_{name.upper()}": str(value) for name, value in msgspec.structs.asdict(settings).items() if value is not None}
    return {**inherited, **given}


def environment_of_application(settings: Settings) -> dict[str, str]:
    """Return the environment of the API process and the worker, with only the application's role: without the database owner's address. Raises BadAddress."""
    own = application_url(settings.app_database_url, settings.secret_key, settings.database_url)
    return environment_of(msgspec.structs.replace(settings, database_url=None, app_database_url=own))


def kek_path(data_dir: Path) -> Path:
    """Return the file of key-encryption keys of an installation with an embedded database."""
    return data_dir / "secrets" / "kek"


def _kek(settings: Settings) -> str | None:
    """Return the data folder's keys; with an embedded database the first call makes one. With an external database, operators manage their keys themselves."""
    path = kek_path(settings.data_dir)
    if settings.database_url is None and settings.app_database_url is None and not path.exists():
        write_private(path, new_key(1))
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def _secret_key(data_dir: Path) -> str:
    path = data_dir / "secrets" / "secret_key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48))
    return path.read_text(encoding="utf-8").strip()
