"""The first administrator's sign-in as it is kept, and the ready file."""

import asyncio
from pathlib import Path

import msgspec

from backend.access.first import FirstAdministrator, ensure_first_administrator, password_holds
from backend.adapters.processes import write_private
from backend.bootstrap import Hub, open_hub
from backend.settings import Settings
from schemas.common import Shape


class Access(Shape, frozen=True, kw_only=True):
    """How to get in. What is not known (any more) is null."""

    email: str | None = None
    password: str | None = None
    token: str | None = None


class Ready(Access, frozen=True, kw_only=True):
    """The ready file: everything an outside client or an inspection needs."""

    url: str
    database_url: str
    redis_url: str


def first_access(settings: Settings) -> tuple[Access, bool]:
    """Make the first administrator where there is nobody yet. Returns how to get in, and whether it was made just now.

    It is kept in the data folder with mode 0600, so that the ready file is right on later starts too; a password that was changed since is forgotten.
    """
    return asyncio.run(_first_access(settings))


async def _first_access(settings: Settings) -> tuple[Access, bool]:
    async with open_hub(settings, pool_size=1) as hub:
        if first := await ensure_first_administrator(hub):
            access = _access_of(first)
            keep_access(settings.data_dir, access)
            return access, True
        return await _known_access(hub), False


async def _known_access(hub: Hub) -> Access:
    access = kept_access(hub.settings.data_dir)
    if access.email and access.password and not await password_holds(hub, access.email, access.password):
        access = msgspec.structs.replace(access, password=None)
        keep_access(hub.settings.data_dir, access)
    return access


def _access_of(first: FirstAdministrator) -> Access:
    return Access(email=first.email, password=first.password, token=first.token)


def kept_access(data_dir: Path) -> Access:
    """The sign-in kept in the data folder, empty where there is none."""
    path = _path(data_dir)
    return msgspec.json.decode(path.read_bytes(), type=Access) if path.exists() else Access()


def keep_access(data_dir: Path, access: Access) -> None:
    """Keep the sign-in in the data folder."""
    write_private(_path(data_dir), msgspec.json.encode(access).decode())


def write_ready_file(path: Path, settings: Settings, access: Access) -> None:
    """Write the ready file in one step, mode 0600: whoever sees it sees all of it."""
    assert settings.database_url
    assert settings.redis_url
    ready = Ready(
        url=settings.url,
        database_url=settings.database_url,
        redis_url=settings.redis_url,
        email=access.email,
        password=access.password,
        token=access.token,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, msgspec.json.format(msgspec.json.encode(ready), indent=2).decode() + "\n")


def remove_ready_file(path: Path) -> None:
    """A ready file of an earlier start says nothing about this one."""
    path.unlink(missing_ok=True)


def _path(data_dir: Path) -> Path:
    return data_dir / "secrets" / "first-administrator.json"
