"""A subscription over server-sent events (httpSubscriptionLink)."""

import asyncio
from contextlib import aclosing
from typing import Any

import msgspec

from rpc.core import wire
from rpc.core.answer import Items, Settler
from rpc.core.asgi import Departure, Disconnected, Headers, Send
from rpc.core.call import Exchange, stream
from rpc.core.context import Request, Tracked
from rpc.core.errors import unasked
from rpc.core.inputs import Raw
from rpc.core.outputs import Output
from rpc.core.stream_body import Closing, Ended, Outlet, Over

HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]

_RETURN = b"event: return\ndata: \n\n"
_PING = b"event: ping\ndata: \n\n"


class Subscription:
    """One connection of a subscription, from its `connected` to its end."""

    def __init__(self, settler: Settler, exchange: Exchange, one: wire.Call, raw: Raw) -> None:
        """`raw` is the input as it was sent."""
        self._settler = settler
        self._exchange = exchange
        self._one = one
        self._raw, self._after = wire.resumed(raw, sent_event_id(exchange.request))
        self._last_id = self._after if self._after and speakable(self._after) else None

    async def serve(self, departure: Departure, send: Send, headers: Headers, closing: asyncio.Event) -> None:
        """Answer. Raises Disconnected when the client leaves."""
        options = self._settler.options
        procedures = [p for p in (self._one.procedure,) if p is not None]
        outlet = Outlet(send, _PING)
        await outlet.start([*headers, *HEADERS])
        told = msgspec.json.encode({"reconnectAfterInactivityMs": options.reconnect_after_inactivity_ms})
        await outlet.write(b"event: connected\ndata: %b\nretry: %d\n\n" % (told, options.retry_ms))
        try:
            keeping = outlet.keep(self._exchange, procedures, options, closing, lasting=options.max_duration)
            await outlet.run(self._produce(outlet), departure, keeping)
        except Ended as ended:
            if not isinstance(ended.reason, Closing | Over):  # after those two the browser reconnects by itself
                await outlet.write(self._failure(ended.reason))
        await outlet.finish()

    async def _produce(self, outlet: Outlet) -> None:
        try:
            procedure = self._settler.check(self._one, self._exchange.request)
            async with aclosing(stream(self._exchange, procedure, self._raw, self._after)) as items:
                await self._pass_on(items, outlet, procedure.output)
            await outlet.write(_RETURN)
        except Disconnected:
            raise
        except asyncio.CancelledError as error:
            await outlet.write(self._failure(unasked(error)))
        except Exception as error:  # the client gets it in an event, because the status has already left
            await outlet.write(self._failure(error))

    async def _pass_on(self, items: Items, outlet: Outlet, output: Output) -> None:
        async for item in items:
            await outlet.write(self._event(item, output))

    def _event(self, item: Any, output: Output) -> bytes:
        """Return an item as an event.

        A browser gives an event without an id the last id it got. So the id is cleared for such an event, and restored afterwards by an event without
        listeners.
        """
        if isinstance(item, Tracked):
            data = output.encode(item.data)
            self._last_id = item.id
            return b"data: %b\nid: %b\n\n" % (data, item.id.encode())
        if self._last_id is None:
            return b"data: %b\n\n" % output.encode(item)
        return b"data: %b\nid: \n\nevent: restore-id\ndata: \nid: %b\n\n" % (output.encode(item), self._last_id.encode())

    def _failure(self, error: Exception) -> bytes:
        _, shape = self._settler.shape(error, self._exchange.request, self._one)
        return b"event: serialized-error\ndata: %b\n\n" % msgspec.json.encode(shape)


def sent_event_id(request: Request) -> str | None:
    """Return the id to continue after that a request carries beside its input: the header's before the query's."""
    header = request.headers.get("last-event-id", "").encode("latin-1").decode("utf-8", "replace")
    return header or request.query.get("lastEventId") or request.query.get("Last-Event-Id") or None


def speakable(event_id: str) -> bool:
    """Return whether the id can be written on one line."""
    return not any(c in event_id for c in "\0\r\n")
