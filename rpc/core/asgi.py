"""ASGI, as far as the wire needs it: the head and the body of a request, and what to do when its client leaves."""

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
"""Seconds that a call may take before anyone watches whether its client is still there: most are done sooner, and a watcher costs a task."""
BODY_SECONDS = 10.0
"""Seconds that a body may take to arrive, and one more for each `BODY_RATE` bytes of it: whoever sends a byte now and then keeps nothing of ours waiting."""
BODY_RATE = 64 * 1024
DRAINED = 64 * 1024 * 1024
"""So many bytes of a body that is too large are read and dropped."""
LIMITS = "TILTYARD_MAX_PREDICT_BYTES for predictions, TILTYARD_MAX_RPC_BYTES for procedures and outcomes, TILTYARD_MAX_ARTIFACT_BYTES for artifacts"


class Disconnected(Exception):
    """The client left before its answer was complete."""


def read_head(scope: Scope, request: Request, base: str, trusted: Sequence[Network] = ()) -> None:
    """Fill in what the head of a request says. Raises MalformedRequest for a path with a broken escape."""
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
    """Who sends more than `small` bytes must be known first: `check` finds out, and raises where nobody is."""

    small: int
    check: Callable[[], Awaitable[None]]


async def read_body(receive: Receive, announced: bytes, limit: int, admission: Admission | None = None) -> bytes:
    """The whole body; `announced` is its Content-Length. Raises PayloadTooLarge past `limit` bytes, TimedOut for one too slow, and Disconnected."""
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
                if more:
                    seconds = BODY_SECONDS + size / BODY_RATE
                    patience.reschedule(began + seconds)
    except TimeoutError:
        raise errors.TimedOut(f"The body did not arrive within {seconds:.0f} seconds; send it at once.") from None
    if size > limit:
        await refuse_body(receive if more else None, limit)
    return b"".join(parts)


async def refuse_body(receive: Receive | None, limit: int) -> NoReturn:
    """Raise PayloadTooLarge, after reading on for a while: a client that is still sending when the connection is closed never sees the answer."""
    dropped, more = 0, receive is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(2):
            while receive is not None and more and dropped < DRAINED:
                message = await receive()
                dropped, more = dropped + len(message.get("body", b"")), message.get("more_body", False)
    raise errors.PayloadTooLarge(
        f"The body is larger than {limit:,} bytes, which is what one request may carry. Send fewer rows at a time, or raise the limit: {LIMITS}.", limit=limit
    )


class Departure:
    """The client's leaving, watched for at most once a request. Only for a request whose body has been read: a watcher must not take its parts.

    A `receive` that is cut off may take the end of the request with it, and the next one then tells of a client that left although it is there. So whoever
    wants to know waits for the same watcher, which goes on until the request is over.
    """

    def __init__(self, receive: Receive) -> None:
        """Nobody watches yet."""
        self._receive = receive
        self._watching: asyncio.Task[None] | None = None

    def watch(self) -> "asyncio.Task[None]":
        """Done when the client has left."""
        if self._watching is None:
            self._watching = asyncio.get_running_loop().create_task(self._left())
        return self._watching

    def close(self) -> None:
        """The request is over."""
        if self._watching is not None:
            self._watching.cancel()

    async def _left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def unless_disconnected(departure: Departure, work: Coroutine[Any, Any, T]) -> T:
    """Do the work, unless the client leaves first: then it is cancelled, and Disconnected raised. Nothing is cancelled after the work."""
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
    """Cancels the task that made it, when the client leaves."""

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
        """Withdraw the cancellation; was there one? The work may have made another error of it, or nothing."""
        was, self._has_cancelled = self._has_cancelled, False
        if was:
            self.working.uncancel()
        return was

    def _cancel(self, _: "asyncio.Task[None]") -> None:
        if not self._stopped:
            self._has_cancelled = True
            self.working.cancel()
