"""The first administrator: created at the first start; how to sign in later."""

import asyncio

import msgspec

from backend.access.tenant_check import has_tenant
from backend.settings import Settings
from rpc.commands.shared.ready import SignIn, keep_access, kept_access


def first_access(settings: Settings, *, token: bool) -> tuple[SignIn, bool]:
    """Create the first administrator if there is nobody yet. Return how to sign in, and whether this call created it.

    The data folder stores only the email. Only the first start knows the password; with `token` each start makes its own token.
    """
    return asyncio.run(_first_access(settings, token))


async def _first_access(settings: Settings, token: bool) -> tuple[SignIn, bool]:
    assert settings.database_url
    assert settings.secret_key
    kept = SignIn(email=kept_access(settings.data_dir).email)
    keep_access(settings.data_dir, kept)  # an earlier release stored secrets there
    if not await has_tenant(settings.database_url, settings.secret_key):
        return await _made(settings, token), True
    if token and kept.email:
        return msgspec.structs.replace(kept, token=await _token(settings, kept.email)), False
    return kept, False


async def _made(settings: Settings, token: bool) -> SignIn:
    from backend.access.first_administrator import ensure_first_administrator, start_token  # noqa: PLC0415  the whole domain, which most starts do not need
    from backend.bootstrap import open_hub  # noqa: PLC0415

    async with open_hub(settings, pool_size=1) as hub:
        first = await ensure_first_administrator(hub)
        if first is None:  # another process was faster
            return kept_access(settings.data_dir)
        access = SignIn(email=first.email, password=first.password, token=await start_token(hub, first.email) if token else None)
    keep_access(settings.data_dir, access)
    return access


async def _token(settings: Settings, email: str) -> str | None:
    from backend.access.first_administrator import start_token  # noqa: PLC0415  as above
    from backend.bootstrap import open_hub  # noqa: PLC0415

    async with open_hub(settings, pool_size=1) as hub:
        return await start_token(hub, email)
