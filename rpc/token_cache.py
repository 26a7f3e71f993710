"""API tokens remembered for a moment, so that a prediction asks no database who is calling."""

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
"""How long a disabled person's token may go on; a revoked token is forgotten at once, by NOTIFY."""
MOST_TOKENS = 10_000


class TokenCache:
    """Actors by token. A look-up under way is shared by all who wait for it; unknown tokens are remembered too."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._known: OrderedDict[bytes, tuple[float, asyncio.Future[Actor | None]]] = OrderedDict()

    def forget(self) -> None:
        """Ask anew about every token."""
        self._known.clear()

    def known(self, authorization: bytes) -> Actor | None:
        """The caller, where nobody need be asked; None for whoever has to be looked at more closely."""
        found = self._known.get(authorization[len(BEARER) :])
        if found is None or found[0] < time.monotonic() or not found[1].done() or not authorization.startswith(BEARER):
            return None
        return found[1].result()

    async def actor(self, authorization: bytes) -> Actor:
        """The caller. Raises Unauthorized without a good token, Unavailable when nobody can tell."""
        scheme, _, secret = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not secret:
            raise Unauthorized("Send an API token: `Authorization: Bearer tyd_…`.")
        known = self._known.get(secret)
        if known is None or known[0] < time.monotonic():
            known = self._ask(secret)
        actor = await asyncio.shield(known[1]) if not known[1].done() else known[1].result()
        if actor is None:
            raise Unauthorized("This API token is unknown, expired or revoked; make a new one in Settings.")
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
