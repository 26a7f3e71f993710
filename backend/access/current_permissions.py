"""The caller's permissions right now, for changes that give something away."""

from backend.access import repository
from backend.access.permissions import GRANTABLE, P
from backend.access.rules import permissions_of, scoped
from backend.errors import Forbidden, Unauthorized
from backend.work.unit import UnitOfWork
from schemas.access import Role

GONE = "You are no longer signed in, or your token has ended. Sign in again, or use another token."


async def powers(work: UnitOfWork) -> frozenset[P]:
    """Return the actor's permissions in the database now, never more than it came with. Raises Unauthorized.

    A caller is authenticated before its transaction begins. Since then it may have lost a role or its token.
    """
    actor = work.actor
    if actor.kind == "system":
        return GRANTABLE
    row = await repository.person(work.session, work.tenant_id, actor.person_id) if actor.person_id else None
    if row is None or row.disabled:
        raise Unauthorized(GONE)
    held = permissions_of(Role(role) for role in row.roles) & actor.permissions
    if actor.token_id is not None:
        token = await repository.live_token(work.session, work.tenant_id, actor.token_id, work.now)
        if token is None:
            raise Unauthorized(GONE)
        return scoped(held, token.scopes)
    if actor.session_id is not None and not await repository.live_session(work.session, work.tenant_id, actor.session_id, work.now):
        raise Unauthorized(GONE)
    return held


async def require(work: UnitOfWork, permission: P) -> frozenset[P]:
    """Return the actor's permissions now. Raises Forbidden when the given permission is missing."""
    held = await powers(work)
    if permission not in held:
        raise Forbidden(f"this needs the permission `{permission}`", permission=permission)
    return held
