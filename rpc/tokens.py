"""API tokens."""

from backend.access import tokens as service
from backend.access.errors import ScopeNotHeld, TokenNotFound, UnknownScope
from backend.access.permissions import P
from rpc.core import Router
from rpc.host import Call
from schemas.access import CreatedToken, CreateToken, Token, TokenRef

tokens = Router("tokens")


@tokens.query(permission=P.ACCESS_TOKEN_MANAGE)
async def list_(ctx: Call) -> list[Token]:
    """Return the caller's own tokens; for an administrator, everybody's. Never their secrets."""
    return await service.list_tokens(ctx.work)


@tokens.mutation(permission=P.ACCESS_TOKEN_MANAGE, errors=(UnknownScope, ScopeNotHeld))
async def create(ctx: Call, input: CreateToken) -> CreatedToken:
    """Make an API token. Only this answer contains its secret."""
    return await service.create_token(ctx.work, input)


@tokens.mutation(permission=P.ACCESS_TOKEN_MANAGE, errors=(TokenNotFound,))
async def revoke(ctx: Call, input: TokenRef) -> Token:
    """End a token at once."""
    return await service.revoke_token(ctx.work, input)
