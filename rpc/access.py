"""Signing in, and the caller's own account."""

from backend.access import service
from backend.access import sign_in as signing
from backend.access import time_zone as time_zones
from backend.access.errors import PasswordsBusy, PersonNotFound, TenantNeeded, TooManySignIns, UnknownTimeZone, WrongCredentials
from backend.access.permissions import P
from rpc.core import Router
from rpc.host import Call, cookie_name, device_cookie_name
from rpc.people import people
from rpc.tokens import tokens
from schemas.access import ChangePassword, Me, SetTimeZone, SignIn, TenantTimeZone

access = Router("access", people, tokens)


DEVICE_SECONDS = 365 * 86_400


@access.mutation(permission=P.ANYONE, errors=(WrongCredentials, TooManySignIns, PasswordsBusy, TenantNeeded), audited=False, transaction=False)
async def sign_in(ctx: Call, input: SignIn) -> Me:
    """Sign in by password. The answer sets the session cookie, and a cookie that identifies the browser next time."""
    settings, request = ctx.hub.settings, ctx.request
    device = device_cookie_name(settings)
    done = await signing.sign_in(ctx.hub, input, signing.Origin(request.client, request.cookies.get(device)))
    secure, path = settings.url.startswith("https:"), settings.root_path or "/"
    ctx.set_cookie(cookie_name(settings), done.secret, max_age=settings.session_days * 86_400, path=path, secure=secure)
    ctx.set_cookie(device, done.device, max_age=DEVICE_SECONDS, path=path, secure=secure)
    return done.me


@access.mutation(permission=P.SIGNED_IN)
async def sign_out(ctx: Call) -> None:
    """End the session and delete the cookie."""
    await service.sign_out(ctx.work)
    ctx.clear_cookie(cookie_name(ctx.hub.settings), path=ctx.hub.settings.root_path or "/")


@access.query(permission=P.SIGNED_IN)
async def me(ctx: Call) -> Me:
    """Return the caller and their permissions."""
    return await service.me(ctx.work)


@access.mutation(permission=P.SIGNED_IN, errors=(WrongCredentials, TooManySignIns, PasswordsBusy, PersonNotFound), audited=False, transaction=False)
async def change_password(ctx: Call, input: ChangePassword) -> None:
    """Change the caller's own password; the person's other sessions end."""
    await signing.change_password(ctx.hub, ctx.actor, input)


@access.query(permission=P.SIGNED_IN)
async def time_zone(ctx: Call) -> TenantTimeZone:
    """Return the time zone of the tenant's schedules."""
    return await time_zones.time_zone(ctx.work)


@access.mutation(permission=P.ACCESS_TENANT_MANAGE, errors=(UnknownTimeZone,))
async def set_time_zone(ctx: Call, input: SetTimeZone) -> TenantTimeZone:
    """Set the time zone of the tenant's schedules, or (null) use the hub's. Workers follow within 30 seconds."""
    return await time_zones.set_time_zone(ctx.work, input)
