"""A client's connection: HTTP/1.1 by uvicorn and httptools, with two additions.

A complete request that the application answers whole (a prediction) bypasses ASGI: no scope, no messages, no second wake-up. Everything else (bodies in parts,
pipelining, keep-alive, WebSockets) is uvicorn's. The head of a request is limited in size and time, which uvicorn leaves to a proxy. The same time limits the
rest of a request that is already answered.
"""

import asyncio
from asyncio import TimerHandle
from collections.abc import Coroutine
from typing import Any, Final, NamedTuple, Protocol, runtime_checkable

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from rpc.core.http_metrics import UNREADABLE, note_answer

HEAD_BYTES = 64 * 1024
"""Bytes. The largest head that arrives in parts."""
HEAD_SECONDS = 10.0
"""Seconds for a head to arrive, and for the rest of a request that was answered early."""

Headers = list[tuple[bytes, bytes]]


class CompleteResponse(NamedTuple):
    """A complete answer, in JSON."""

    status: int
    body: bytes
    headers: Headers


@runtime_checkable
class AnswersWhole(Protocol):
    """An application that answers some requests without ASGI."""

    def takes_whole(self, target: bytes) -> bool:
        """Return whether it answers a POST to this target."""
        ...

    def answer_whole(self, path: str, headers: Headers, body: bytes) -> Coroutine[Any, Any, CompleteResponse]:
        """Return the answer to a complete POST. Header names are in lower case. It raises only unforeseen errors."""
        ...


class _NobodyWaits:
    """Replaces uvicorn's event for more body."""

    def set(self) -> None:
        """Do nothing."""


class DirectCycle:
    """A request that is being answered whole, in the form that uvicorn expects: it asks whether the next one may begin, and whether the connection stays."""

    message_event: Final = _NobodyWaits()

    def __init__(self, *, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.response_complete = False
        self.disconnected = False


class Connection(HttpToolsProtocol):
    """One connection. The server makes one for each client."""

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: asyncio.AbstractEventLoop | None = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._whole = self.app if isinstance(self.app, AnswersWhole) else None
        self._body: list[bytes] | None = None
        """The received part of a body that may be answered whole."""
        self._head_open = False
        self._body_open = False
        self._head_bytes = 0
        """Bytes of a head (or of trailers) received since anything else."""
        self._got_on = False
        """Whether this piece contained more than a part of a head, trailers, or empty lines."""
        self._late: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        """Begin. A silent client has as long as between two requests."""
        super().connection_made(transport)
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the connection."""
        self._unset_keepalive_if_required()
        self._came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on: a part of a request, a request, or several."""
        self._got_on = False
        super().data_received(data)
        if self not in self.connections or self.transport.is_closing():
            return  # it is a WebSocket now, or refused
        if self._body is not None:  # the rest is still to come
            self._begin_asgi()
        self._head_bytes = 0 if self._got_on else self._head_bytes + len(data)
        if self._head_bytes > HEAD_BYTES:
            self._refuse(431, f"The head of a request may have {HEAD_BYTES} bytes.")
        elif self._head_open or (self._body_open and not self._busy):
            self._late = self._late or self.loop.call_later(HEAD_SECONDS, self._is_late)
        elif not self._busy and self.timeout_keep_alive_task is None:
            self._await_request()

    @property
    def _busy(self) -> bool:
        """Return whether an answer is being made. Until it is done, reading may pause."""
        before: RequestResponseCycle | DirectCycle | None = self.cycle
        return before is not None and not before.response_complete

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._head_open = True
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_headers_complete(self) -> None:
        """Handle its complete head."""
        self._came()
        self._got_on = self._body_open = True
        plain = not self._busy and not self.expect_100_continue and self.parser.get_method() == b"POST" and not self.parser.should_upgrade()
        if plain and self._whole is not None and self._whole.takes_whole(self.url):
            self._body = []
        else:
            self._begin_asgi()

    def on_body(self, body: bytes) -> None:
        """Handle a part of its body."""
        self._got_on = True
        if self._body is not None:
            self._body.append(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Handle its end."""
        self._came()
        self._got_on = True
        if self._body is None:
            return super().on_message_complete()
        body, self._body = b"".join(self._body), None
        turn = DirectCycle(keep_alive=self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive())
        self.cycle = turn  # type: ignore[assignment]  # all that is asked of a cycle when others than ASGI answer
        task = self.loop.create_task(self._answer(turn, self.url.decode("ascii"), self.headers, body))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return None

    def _begin_asgi(self) -> None:
        """Pass the request to the application as uvicorn does, with the received part of its body."""
        url, headers, expects, came = self.url, self.headers, self.expect_100_continue, self._body
        self._body = None
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        super().on_headers_complete()
        for part in came or ():
            super().on_body(part)

    async def _answer(self, turn: DirectCycle, path: str, headers: Headers, body: bytes) -> None:
        assert self._whole is not None, "only such an application has a turn"
        try:
            status, said, more = await self._whole.answer_whole(path, headers, body)
            if self.flow.write_paused:
                await self.flow.drain()
        except BaseException:
            self.transport.close()
            raise
        if turn.disconnected:
            return
        parts = [STATUS_LINE[status], b"content-type: application/json\r\ncontent-length: %d\r\n" % len(said)]
        for name, value in (*self.server_state.default_headers, *more):
            parts += (name, b": ", value, b"\r\n")
        parts += (b"\r\n" if turn.keep_alive else b"connection: close\r\n\r\n", said)
        self.transport.write(b"".join(parts))
        turn.response_complete = True
        if not turn.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse a request that is not HTTP."""
        self._refuse(400, msg)

    def _await_request(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _came(self) -> None:
        self._head_open = self._body_open = False
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _is_late(self) -> None:
        if self._busy:  # it may be unread, and no refusal goes before an answer
            self._late = self.loop.call_later(HEAD_SECONDS, self._is_late)
        elif self._body_open:
            self.transport.close()
        else:
            self._refuse(408, f"The head of a request may take {HEAD_SECONDS:g} seconds.")

    def _refuse(self, status: int, why: str) -> None:
        if self.transport.is_closing():
            return
        if not self._busy:  # else its text would look like the answer to another request
            head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(why)
            self.transport.write(STATUS_LINE[status] + head + why.encode())
            note_answer(UNREADABLE, status)
        self.transport.close()
