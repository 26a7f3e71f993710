"""The first administrator: made at the first start, and how to get in on later ones. Imports the whole domain, so it is loaded when it is needed."""

import asyncio

import msgspec

from backend.access.first import FirstAdministrator, ensure_first_administrator, password_holds
from backend.bootstrap import Hub, open_hub
from backend.settings import Settings
from rpc.commands.ready import Access, keep_access, kept_access


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
