"""API tokens: make, list, revoke. A secret is shown once."""

from datetime import datetime, timedelta

from backend.access import actions, repository
from backend.access.current_permissions import powers
from backend.access.errors import ScopeNotHeld, TokenNotFound, UnknownScope
from backend.access.permissions import P
from backend.access.rules import TOKEN_PREFIX, new_secret, secret_hash, unknown_scopes
from backend.access.tables import TokenRow
from backend.errors import Unauthorized
from backend.ids import new_id
from backend.work.unit import UnitOfWork
from schemas.access import CreatedToken, CreateToken, Token, TokenRef
from schemas.common import Issue


async def list_tokens(work: UnitOfWork) -> list[Token]:
    """Return the caller's own tokens; for an administrator, everybody's."""
    mine = None if work.actor.may(P.ACCESS_PERSON_MANAGE) else work.actor.person_id
    return [_token(row, email) for row, email in await repository.tokens(work.session, work.tenant_id, mine)]


async def create_token(work: UnitOfWork, input: CreateToken) -> CreatedToken:
    """Make a token with no more permissions than its maker. It ends with the token that made it. Raises UnknownScope, ScopeNotHeld."""
    if work.actor.person_id is None:
        raise Unauthorized("Only a person can make tokens. Sign in instead of using this token.")
    if unknown := unknown_scopes(input.scopes):
        issues = [
            Issue(
                pointer=f"/scopes/{input.scopes.index(scope)}",
                message=f"{scope!r} is no permission. Send permissions such as `inference:group:predict`, or `*`.",
            )
            for scope in unknown
        ]
        raise UnknownScope(issues=issues)
    held = await powers(work)
    beyond = [scope for scope in input.scopes if scope != "*" and scope not in held]
    if beyond:
        raise ScopeNotHeld(f"You do not hold {', '.join(beyond)}, so your tokens cannot hold it either. Leave it out.")
    scopes = sorted(held) if "*" in input.scopes and work.actor.kind == "token" else sorted(set(input.scopes))
    secret = new_secret(TOKEN_PREFIX)
    row = TokenRow(
        id=new_id(),
        tenant_id=work.tenant_id,
        person_id=work.actor.person_id,
        parent_id=work.actor.token_id,
        name=input.name,
        prefix=secret[:10],
        secret_hash=secret_hash(secret),
        scopes=scopes,
        created_at=work.now,
        expires_at=await _expiry(work, input.expires_in_days),
        last_used_at=None,
        revoked_at=None,
    )
    work.session.add(row)
    token = _token(row, work.actor.email or work.actor.name)
    work.audit(actions.ACCESS_TOKENS_CREATE, f"token:{row.id}", after=token)
    return CreatedToken(token=token, secret=secret)


async def revoke_token(work: UnitOfWork, input: TokenRef) -> Token:
    """End a token and all tokens made with it at once: the caller's own, or anybody's for an administrator. Revoking twice is harmless."""
    found = await repository.token(work.session, work.tenant_id, input.token_id)
    if found is None or not (work.actor.may(P.ACCESS_PERSON_MANAGE) or found[0].person_id == work.actor.person_id):
        raise TokenNotFound
    row, email = found
    before = _token(row, email)
    row.revoked_at = row.revoked_at or work.now
    after = _token(row, email)
    await repository.revoke_tokens(work.session, work.tenant_id, [row.id], work.now)
    work.audit(actions.ACCESS_TOKENS_REVOKE, f"token:{row.id}", before, after)
    return after


async def _expiry(work: UnitOfWork, days: int | None) -> datetime | None:
    """Return when a new token ends: as requested, but not after the token that makes it."""
    asked = work.now + timedelta(days=days) if days else None
    parent = await repository.live_token(work.session, work.tenant_id, work.actor.token_id, work.now) if work.actor.token_id else None
    if parent is None or parent.expires_at is None:
        return asked
    return min(asked, parent.expires_at) if asked else parent.expires_at


def _token(row: TokenRow, email: str) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=list(row.scopes),
        created_at=row.created_at,
        created_by=email,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
