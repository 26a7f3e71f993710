"""The first administrator: made at the first start, and how to get in on later ones."""

import asyncio

import msgspec

from backend.access.session_check import password_holds
from backend.settings import Settings
from rpc.commands.ready import Access, keep_access, kept_access


def first_access(settings: Settings) -> tuple[Access, bool]:
    """Make the first administrator where there is nobody yet. Returns how to get in, and whether it was made just now.

    It is kept in the data folder with mode 0600, so that the ready file is right on later starts too; a password that was changed since is forgotten.
    """
    return asyncio.run(_first_access(settings))


async def _first_access(settings: Settings) -> tuple[Access, bool]:
    assert settings.database_url
    assert settings.secret_key
    kept = kept_access(settings.data_dir)
    if kept.email:
        holds = await password_holds(settings.database_url, settings.secret_key, kept.email, kept.password or "")
        if holds is False and kept.password:
            kept = msgspec.structs.replace(kept, password=None)
            keep_access(settings.data_dir, kept)
        if holds is not None:
            return kept, False
    return await _made(settings) or (kept, False)


async def _made(settings: Settings) -> tuple[Access, bool] | None:
    from backend.access.first_administrator import ensure_first_administrator  # noqa: PLC0415  the whole domain, which most starts do not need
    from backend.bootstrap import open_hub  # noqa: PLC0415

    async with open_hub(settings, pool_size=1) as hub:
        first = await ensure_first_administrator(hub)
    if first is None:
        return None
    access = Access(email=first.email, password=first.password, token=first.token)
    keep_access(settings.data_dir, access)
    return access, True
