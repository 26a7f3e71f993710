"""Find the Actor behind a session cookie or an API token."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.access import repository
from backend.access.rules import permissions_of, scoped, secret_hash
from backend.actor import Actor
from backend.hub import Hub
from backend.uncancelled import undisturbed
from schemas.access import Role


async def authenticate_session(hub: Hub, secret: str) -> Actor | None:
    """Return the person signed in with this cookie. None when the cookie is unknown, expired or revoked, or the person is disabled."""
    row = await undisturbed(_find(hub, repository.find_session, secret))
    if row is None:
        return None
    roles = tuple(Role(role) for role in row.roles)
    return Actor(
        kind="person",
        name=row.email,
        tenant_id=row.tenant_id,
        tenant_name=row.tenant_name,
        person_id=row.person_id,
        email=row.email,
        session_id=row.session_id,
        roles=roles,
        permissions=permissions_of(roles),
    )


async def authenticate_token(hub: Hub, secret: str) -> Actor | None:
    """Return the token's actor: its maker's permissions narrowed to the token's scopes. None when the token is unknown, expired or revoked."""
    row = await undisturbed(_find(hub, repository.find_token, secret))
    if row is None:
        return None
    roles = tuple(Role(role) for role in row.roles)
    actor = Actor(
        kind="token",
        name=f"{row.email} ({row.token_name})",
        tenant_id=row.tenant_id,
        tenant_name=row.tenant_name,
        person_id=row.person_id,
        email=row.email,
        token_id=row.token_id,
        roles=roles,
        permissions=scoped(permissions_of(roles), row.scopes),
    )
    if row.stale:
        await undisturbed(_touch(hub, actor, row))
    return actor


async def _find(hub: Hub, find: Callable[[AsyncConnection, bytes], Awaitable[Row[Any] | None]], secret: str) -> Row[Any] | None:
    async with hub.engine.connect() as connection:
        return await find(connection, secret_hash(secret))


async def _touch(hub: Hub, actor: Actor, row: Row[Any]) -> None:
    async with hub.work(actor) as work:
        await repository.touch_token(work.session, row.tenant_id, row.token_id, work.now)
