"""From settings as given to settings that are complete: which servers, whose secret, and what the children are told."""

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
    """Settings from the environment and the command line, the data folder absolute."""
    settings = Settings.from_environment(os.environ, data_dir=data_dir, **overrides)
    return msgspec.structs.replace(settings, data_dir=settings.data_dir.expanduser().resolve())


def embedded(settings: Settings) -> bool:
    """Is a server of our own needed?"""
    return settings.database_url is None or settings.redis_url is None


def complete(settings: Settings, servers: EmbeddedServers | None) -> Settings:
    """Every address and the secret known: an address that was given wins over the embedded server's."""
    return msgspec.structs.replace(
        settings,
        database_url=settings.database_url or (servers.database_url if servers else None),
        redis_url=settings.redis_url or (servers.redis_url if servers else None),
        secret_key=settings.secret_key or _secret_key(settings.data_dir),
        kek=settings.kek or _kek(settings),
    )


def check_external(settings: Settings) -> None:
    """Check the servers that the settings name. Raises SetupError saying what is wrong and how to mend it."""
    if settings.database_url:
        asyncio.run(check_postgres(settings.database_url))
    if settings.redis_url:
        asyncio.run(check_redis(settings.redis_url))


@contextmanager
def installation(settings: Settings, progress: Progress) -> Iterator[Settings]:
    """An installation to work on for a while. Embedded servers that do not run are started, and stopped again at the end."""
    check_external(settings)
    prepare_data_dir(settings.data_dir)
    if not embedded(settings):
        yield complete(settings, None)
        return
    with borrow(settings.data_dir, progress) as servers:
        yield complete(settings, servers)


def running_installation(settings: Settings) -> Settings:
    """For `serve` and `worker`, which start no servers: those named in the settings, or those of an `up` that runs on the data folder."""
    if settings.redis_url and (settings.database_url or settings.app_database_url):
        return complete(settings, None)
    keys = read_keys(settings.data_dir)
    if keys is None or not keys.created or not locked(settings.data_dir):
        raise SetupError(
            f"No servers run on {settings.data_dir}. `tiltyard up` starts them and everything else; "
            "or set TILTYARD_DATABASE_URL and TILTYARD_REDIS_URL to servers of your own."
        )
    return complete(settings, urls_of(keys))


def environment_of(settings: Settings) -> dict[str, str]:
    """Our environment with these settings in it, for a child process."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TILTYARD_")}
    given = {f"TILTYARD_{name.upper()}": str(value) for name, value in msgspec.structs.asdict(settings).items() if value is not None}
    return {**inherited, **given}


def environment_of_application(settings: Settings) -> dict[str, str]:
    """For the API process and the worker, which need the application's role alone: without the address of the database's owner. Raises BadAddress."""
    own = application_url(settings.app_database_url, settings.secret_key, settings.database_url)
    return environment_of(msgspec.structs.replace(settings, database_url=None, app_database_url=own))


def kek_path(data_dir: Path) -> Path:
    """Where an installation with an embedded database keeps its key-encryption keys."""
    return data_dir / "secrets" / "kek"


def _kek(settings: Settings) -> str | None:
    """The keys in the data folder; the first is made where the database is embedded. With a database of one's own they are one's own affair."""
    path = kek_path(settings.data_dir)
    if settings.database_url is None and settings.app_database_url is None and not path.exists():
        write_private(path, new_key(1))
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def _secret_key(data_dir: Path) -> str:
    path = data_dir / "secrets" / "secret_key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48))
    return path.read_text(encoding="utf-8").strip()
