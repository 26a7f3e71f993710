"""ASGI for the wire: the head and body of a request, and the client's departure."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from rpc.core import errors, wire
from rpc.core.addresses import Network, client_of
from rpc.core.context import Request

T = TypeVar("T")
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

PATIENCE = 0.03
"""Seconds that a call may take before a watcher checks for its client. Most calls end sooner, and a watcher costs a task."""
BODY_SECONDS = 10.0
"""Seconds for a body to arrive, plus one for each `BODY_RATE` bytes of it. A slow sender therefore blocks nothing."""
BODY_RATE = 64 * 1024
DRAINED = 64 * 1024 * 1024
"""Bytes of an overlong body that are read and dropped."""
LIMITS = "TILTYARD_MAX_PREDICT_BYTES for predictions, TILTYARD_MAX_RPC_BYTES for procedures and outcomes, TILTYARD_MAX_ARTIFACT_BYTES for artifacts"


class Disconnected(Exception):
    """The client left before its answer was complete."""


def read_head(scope: Scope, request: Request, base: str, trusted: Sequence[Network] = ()) -> None:
    """Fill in the facts from a request's head. Raises MalformedRequest for a path with a broken escape."""
    request.method = scope.get("method", "GET")
    request.headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if sent := scope["query_string"]:
        request.query = wire.read_query(sent)
    peer = scope["client"][0] if scope.get("client") else None
    request.client = client_of(peer, request.headers.get("x-forwarded-for", ""), trusted)
    raw = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape")
    request.path = wire.decode_path(raw.split(b"?", 1)[0].removeprefix(base.encode()).removeprefix(b"/"))


@dataclass(frozen=True)
class Admission:
    """A check before bodies over `small` bytes: `check` authenticates the sender, and raises for an unknown one."""

    small: int
    check: Callable[[], Awaitable[None]]


async def read_body(receive: Receive, announced: bytes, limit: int, admission: Admission | None = None, *, hold: Callable[[int], None] | None = None) -> bytes:
    """Return the whole body; `announced` is its Content-Length, and `hold` gets the bytes so far.

    Raises PayloadTooLarge past `limit` bytes, TimedOut for a slow one, BodiesBusy, and Disconnected.
    """
    if announced.isdigit() and (len(announced) > 18 or int(announced) > limit):
        await refuse_body(receive, limit)
    began = asyncio.get_running_loop().time()
    parts: list[bytes] = []
    size, seconds, more = 0, BODY_SECONDS, True
    try:
        async with asyncio.timeout_at(began + seconds) as patience:
            while more and size <= limit:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Disconnected
                parts.append(message.get("body", b""))
                size, more = size + len(parts[-1]), message.get("more_body", False)
                if admission is not None and size > admission.small:
                    checking, admission = admission, None
                    await checking.check()
                if hold is not None:
                    hold(size)
                if more:
                    seconds = BODY_SECONDS + size / BODY_RATE
                    patience.reschedule(began + seconds)
    except TimeoutError:
        raise errors.TimedOut(f"The body did not arrive within {seconds:.0f} seconds. Send it at once.") from None
    if size > limit:
        await refuse_body(receive if more else None, limit)
    return b"".join(parts)


async def refuse_body(receive: Receive | None, limit: int) -> NoReturn:
    """Raise PayloadTooLarge after reading on for a while: a client that still sends when the connection closes never sees the answer."""
    dropped, more = 0, receive is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(2):
            while receive is not None and more and dropped < DRAINED:
                message = await receive()
                dropped, more = dropped + len(message.get("body", b"")), message.get("more_body", False)
    raise errors.PayloadTooLarge(
        f"The body is larger than {limit:,} bytes, the limit of one request. Send fewer rows at a time, or raise the limit: {LIMITS}.", limit=limit
    )


class Departure:
    """Watches for the client's departure, at most once per request, after its body was read: a watcher must not take the body's parts.

    A cancelled `receive` may swallow the end of the request. The next one then reports a departed client that is still there. So all callers share one watcher,
    which runs until the request is over.
    """

    def __init__(self, receive: Receive) -> None:
        """Start without a watcher."""
        self._receive = receive
        self._watching: asyncio.Task[None] | None = None

    def watch(self) -> "asyncio.Task[None]":
        """Return a task that is done when the client has left."""
        if self._watching is None:
            self._watching = asyncio.get_running_loop().create_task(self._left())
        return self._watching

    def close(self) -> None:
        """End the watcher with the request."""
        if self._watching is not None:
            self._watching.cancel()

    async def _left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def unless_disconnected(departure: Departure, work: Coroutine[Any, Any, T]) -> T:
    """Do the work. When the client leaves first, cancel it and raise Disconnected. Nothing is cancelled after the work."""
    canceller = _Canceller(departure)
    starting = asyncio.get_running_loop().call_later(PATIENCE, canceller.start)
    try:
        return await work
    except asyncio.CancelledError:
        if canceller.take_back() and canceller.working.cancelling() == 0:
            raise Disconnected from None
        raise
    finally:
        starting.cancel()
        canceller.stop()


class _Canceller:
    """Cancels the creating task when the client leaves."""

    def __init__(self, departure: Departure) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.working = task
        self._departure = departure
        self._has_cancelled = self._started = self._stopped = False

    def start(self) -> None:
        self._started = True
        self._departure.watch().add_done_callback(self._cancel)

    def stop(self) -> None:
        """The work is over. A callback that the loop has already taken up can no longer be removed, so it must do nothing."""
        self._stopped = True
        if self._started:
            self._departure.watch().remove_done_callback(self._cancel)
        self.take_back()

    def take_back(self) -> bool:
        """Withdraw the cancellation and return whether there was one. The work may have turned it into another error, or into nothing."""
        was, self._has_cancelled = self._has_cancelled, False
        if was:
            self.working.uncancel()
        return was

    def _cancel(self, _: "asyncio.Task[None]") -> None:
        if not self._stopped:
            self._has_cancelled = True
            self.working.cancel()
