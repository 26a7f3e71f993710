"""A short cache of API tokens, so that a prediction needs no database to authenticate its caller."""

import asyncio
import time
from collections import OrderedDict

from backend.access.authenticate import authenticate_token
from backend.actor import Actor
from backend.db.availability import UNREACHABLE
from backend.errors import Unauthorized, Unavailable
from backend.hub import Hub

BEARER = b"Bearer "
KNOWN_SECONDS = 1.0
"""Seconds that a disabled person's token may still work. A revoked token is removed at once, by NOTIFY."""
MOST_TOKENS = 10_000


class TokenCache:
    """Actors by token. Concurrent callers share a running look-up; unknown tokens are cached too."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._known: OrderedDict[bytes, tuple[float, asyncio.Future[Actor | None]]] = OrderedDict()

    def forget(self) -> None:
        """Clear the cache."""
        self._known.clear()

    def known(self, authorization: bytes) -> Actor | None:
        """Return the cached caller; None when the token needs a look-up."""
        found = self._known.get(authorization[len(BEARER) :])
        if found is None or found[0] < time.monotonic() or not found[1].done() or not authorization.startswith(BEARER):
            return None
        return found[1].result()

    async def actor(self, authorization: bytes) -> Actor:
        """Return the caller. Raises Unauthorized without a valid token, Unavailable when the look-up fails."""
        scheme, _, secret = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not secret:
            raise Unauthorized("Send an API token: `Authorization: Bearer tyd_…`.")
        known = self._known.get(secret)
        if known is None or known[0] < time.monotonic():
            known = self._ask(secret)
        actor = await asyncio.shield(known[1]) if not known[1].done() else known[1].result()
        if actor is None:
            raise Unauthorized("This API token is unknown, expired or revoked. Make a new one in Settings.")
        return actor

    def _ask(self, secret: bytes) -> tuple[float, "asyncio.Future[Actor | None]"]:
        asked = (time.monotonic() + KNOWN_SECONDS, asyncio.ensure_future(self._look_up(secret)))
        self._known[secret] = asked
        if len(self._known) > MOST_TOKENS:
            self._known.popitem(last=False)
        return asked

    async def _look_up(self, secret: bytes) -> Actor | None:
        try:
            return await authenticate_token(self._hub, secret.decode("latin-1").strip())
        except UNREACHABLE:
            self._known.pop(secret, None)
            raise Unavailable("The token could not be checked: the database is not answering. Try again shortly.") from None
