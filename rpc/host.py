"""The product as the RPC core's host: authenticates callers and opens their units of work."""

import hashlib
from contextlib import AbstractAsyncContextManager

from backend.access.authenticate import authenticate_session, authenticate_token
from backend.actor import ANONYMOUS, Actor
from backend.bootstrap import ServingHub
from backend.db.availability import NOT_OPENED, UNREACHABLE, unless_away
from backend.errors import Unauthorized, Unavailable
from backend.settings import Settings
from backend.work.unit import UnitOfWork
from rpc.core import Ctx, Request
from rpc.core.csrf import bearer

Call = Ctx[ServingHub, UnitOfWork]
"""The context of the product's handlers."""


def cookie_name(settings: Settings) -> str:
    """Return the session cookie's name. It is different for each installation, so that two hubs on one host do not sign each other out."""
    return f"tiltyard_{hashlib.sha256((settings.secret_key or '').encode()).hexdigest()[:8]}"


def device_cookie_name(settings: Settings) -> str:
    """Return the name of the cookie that identifies a browser after an earlier sign-in."""
    return f"{cookie_name(settings)}_device"


class ProductHost:
    """Authenticates callers by API token (`Authorization: Bearer …`, or connection params) or by session cookie."""

    def __init__(self, hub: ServingHub) -> None:
        self._hub = hub
        self.cookie = cookie_name(hub.settings)

    @property
    def hub(self) -> ServingHub:
        """Return the hub."""
        return self._hub

    async def authenticate(self, request: Request) -> Actor:
        """Return the caller. Raises Unauthorized for an invalid token, and Unavailable. A stale cookie counts as anonymous, so that signing in again works."""
        try:
            if token := token_of(request):
                actor = await authenticate_token(self._hub, token)
                if actor is None:
                    raise Unauthorized("This API token is unknown, expired or revoked; make a new one in Settings.")
                return actor
            if secret := request.cookies.get(self.cookie):
                return await authenticate_session(self._hub, secret) or ANONYMOUS
        except UNREACHABLE:
            raise Unavailable(NOT_OPENED) from None
        return ANONYMOUS

    def work(self, actor: Actor, *, read_only: bool) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work for the caller's tenant. Raises Unavailable."""
        return unless_away(self._hub.work(actor, read_only))


def token_of(request: Request) -> str | None:
    """Return the API token of a request."""
    return bearer(request) or (request.connection_params or {}).get("token")
