"""Signing in, and one's own account."""

from backend.access import service
from backend.access.errors import TooManySignIns, WrongCredentials
from backend.access.permissions import P
from rpc.core import Router
from rpc.host import Call, cookie_name
from rpc.people import people
from rpc.tokens import tokens
from schemas.access import ChangePassword, Me, SignIn

access = Router("access", people, tokens)


@access.mutation(permission=P.ANYONE, errors=(WrongCredentials, TooManySignIns))
async def sign_in(ctx: Call, input: SignIn) -> Me:
    """Sign in by password: the answer sets the session cookie."""
    me, secret = await service.sign_in(ctx.work, input)
    settings = ctx.hub.settings
    ctx.set_cookie(cookie_name(settings), secret, max_age=settings.session_days * 86_400, secure=settings.url.startswith("https:"))
    return me


@access.mutation(permission=P.SIGNED_IN)
async def sign_out(ctx: Call) -> None:
    """End the session and forget the cookie."""
    await service.sign_out(ctx.work)
    ctx.clear_cookie(cookie_name(ctx.hub.settings))


@access.query(permission=P.SIGNED_IN)
async def me(ctx: Call) -> Me:
    """Who is calling, and what they may do."""
    return await service.me(ctx.work)


@access.mutation(permission=P.SIGNED_IN, errors=(WrongCredentials,))
async def change_password(ctx: Call, input: ChangePassword) -> None:
    """Change one's own password; the person's other sessions end."""
    await service.change_password(ctx.work, input)
