"""The body of a streamed response: written in turn, pinged in silence, ended when required."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from backend.errors import Unavailable
from rpc.core.asgi import Departure, Disconnected, Headers, Send
from rpc.core.call import Exchange
from rpc.core.errors import unasked
from rpc.core.options import Options
from rpc.core.procedure import Procedure

STALLED = 60.0
"""Seconds that a client may leave its stream unread before it counts as gone."""


class Closing(Unavailable):
    """The hub is shutting down. Connect again."""


class Over(Unavailable):
    """This connection has reached its longest duration. Connect again."""


class Ended(Exception):
    """The stream had to end before it was complete; `reason` says why."""

    def __init__(self, reason: Exception) -> None:
        super().__init__()
        self.reason = reason


class Outlet:
    """The target of a stream's bytes. A slow client blocks its writer, so nothing piles up here."""

    def __init__(self, send: Send, ping: bytes) -> None:
        """`ping` is sent in silence; it must be valid between any two writes."""
        self._send = send
        self._ping = ping
        self._turn = asyncio.Lock()
        self._clock = asyncio.get_running_loop().time
        self._last = self._clock()

    async def start(self, headers: Headers) -> None:
        """Send the head, status 200."""
        await self._out({"type": "http.response.start", "status": 200, "headers": headers})

    async def write(self, data: bytes) -> None:
        """Send bytes. Return once the server has taken them."""
        async with self._turn:
            await self._out({"type": "http.response.body", "body": data, "more_body": True})
            self._last = self._clock()

    async def finish(self) -> None:
        """End the body."""
        await self._out({"type": "http.response.body", "body": b""})

    async def _out(self, message: dict[str, Any]) -> None:
        try:
            await self._send(message)
        except OSError as error:
            raise Disconnected from error

    async def run(self, producing: Coroutine[Any, Any, None], departure: Departure, keeping: Coroutine[Any, Any, Exception]) -> None:
        """Write the output of `producing`. Raises Disconnected when the client leaves, and Ended when `keeping` returns first."""
        producer, keeper, leaving = asyncio.ensure_future(producing), asyncio.ensure_future(keeping), departure.watch()
        try:
            await asyncio.wait([producer, keeper, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            producer.cancel()
            keeper.cancel()
            await asyncio.wait([producer, keeper])  # a generator's `finally` runs before its request is over
        if not producer.cancelled():
            producer.result()  # raises its error
        elif leaving.done():
            raise Disconnected
        else:
            raise Ended(keeper.result())

    async def keep(
        self, exchange: Exchange, procedures: Iterable[Procedure], options: Options, closing: asyncio.Event, *, lasting: float | None = None
    ) -> Exception:
        """Ping in silence. Return the reason when the stream has to end. `lasting` is its longest duration in seconds."""
        now = self._clock()
        ends = now + lasting if lasting is not None else float("inf")
        recheck = now + options.recheck_interval if exchange.is_known else float("inf")
        ping = now + options.ping_interval
        while now < ends:
            if now >= recheck:
                recheck = now + options.recheck_interval
                try:
                    await exchange.recheck(procedures)
                except asyncio.CancelledError as error:
                    return unasked(error)
                except Exception as error:  # nobody can check whether the caller may continue: the stream ends, and its client may connect again
                    return error
            if now >= ping:
                await self._beat(now, options.ping_interval)
                ping = max(self._last, now) + options.ping_interval
            if await happens(closing, min(ends, recheck, ping) - now):
                return Closing()
            now = self._clock()
        return Over()

    async def _beat(self, now: float, interval: float) -> None:
        silent = now - self._last
        if self._turn.locked():  # its client blocks the writer
            if silent > STALLED:
                raise Disconnected
        elif silent >= interval:
            await self.write(self._ping)


async def happens(event: asyncio.Event, within: float) -> bool:
    """Return whether the event happens within this number of seconds."""
    try:
        async with asyncio.timeout(max(within, 0.001)):
            return await event.wait()
    except TimeoutError:
        return False
