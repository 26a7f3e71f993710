"""The bare ASGI application under `/rpc`. All its answers, failures included, have tRPC's envelope."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from backend.errors import TooManyRequests
from rpc.core import cors, wire
from rpc.core.addresses import networks
from rpc.core.answer import Settler
from rpc.core.asgi import Admission, Departure, Disconnected, Headers, Receive, Scope, Send, read_body, read_head, unless_disconnected
from rpc.core.body_room import room
from rpc.core.call import Exchange
from rpc.core.compression import compress
from rpc.core.context import Host, Request
from rpc.core.contract.fingerprint import contract_hash
from rpc.core.csrf import check_origin
from rpc.core.jsonl import Lines
from rpc.core.limits import Limiter, Openings
from rpc.core.options import Options, Rate
from rpc.core.procedure import Kind
from rpc.core.router import Router
from rpc.core.sse import Subscription
from rpc.core.websocket import Socket

__all__ = ["CONTRACT_HEADER", "Options", "Rate", "Receive", "RpcApp", "Scope", "Send"]

CONTRACT_HEADER = "x-tiltyard-contract"

_VARY = (b"vary", b"trpc-accept, accept")
_NO_STORE = (b"cache-control", b"no-store")
_JSON = (b"content-type", b"application/json")


class RpcApp:
    """Serves the procedures of `root`. Give it every request and WebSocket with the path `base` or below `base/`."""

    def __init__(self, root: Router, host: Host, options: Options | None = None) -> None:
        """Compute the contract's hash, so that a declaration without a contract fails at start-up."""
        self.root = root
        self.host = host
        self.options = options or Options()
        self.settler = Settler(self.options)
        self._trusted = networks(self.options.trusted_proxies)
        self.limiter = Limiter(self.options.rate) if self.options.rate is not None else None
        self.contract_hash = contract_hash(root)
        self._contract = CONTRACT_HEADER.encode(), self.contract_hash.encode()
        self._closing = asyncio.Event()
        self._openings = Openings(self.options.max_open_per_caller, self.options.max_open_per_address)
        self._open: set[asyncio.Task[object]] = set()

    async def close(self, patience: float = 1.0) -> None:
        """End the open streams and sockets so that their clients reconnect, and wait for them, up to `patience` seconds.

        Call it before the server stops: a stopping server cuts its sockets off before they can tell their clients to reconnect.
        """
        self._closing.set()
        if self._open:
            await asyncio.wait(self._open, timeout=patience)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or WebSocket."""
        request = Request()
        exchange = Exchange(self.host, request, limiter=self.limiter)
        departure = Departure(receive)
        with room.lease(lambda: exchange.actor and exchange.actor.tenant_id) as hold:
            await self._serve(scope, receive, send, exchange, departure, hold)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, exchange: Exchange, departure: Departure, hold: Callable[[int], None]) -> None:
        request = exchange.request
        try:
            if scope["type"] == "websocket":
                read_head(scope, request, self.options.base, self._trusted)
                return await self._socket(exchange, receive, send)
            reply = await self._answer(scope, receive, send, exchange, departure, hold)
        except Disconnected:
            return None
        except Exception as error:  # for any error the client gets an envelope that it can read
            failed = self.settler.failed(error, request, None)
            reply = wire.Reply(failed.status, failed.body, list(failed.headers))
        finally:
            departure.close()
        if reply is not None:
            await self._send(send, reply, exchange)
        return None

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, exchange: Exchange, departure: Departure, hold: Callable[[int], None]
    ) -> wire.Reply | None:
        """Return the reply, or None when it has been streamed."""
        request, options = exchange.request, self.options
        if scope["method"] == "HEAD":
            return wire.Reply(204)
        read_head(scope, request, options.base, self._trusted)
        if request.method == "OPTIONS" and options.allowed_origins:
            return wire.Reply(204, headers=cors.PREFLIGHT)
        wire.content_of(request)
        check_origin(request, options.allowed_origins)
        if request.method != "GET":
            admission = Admission(options.anonymous_body_bytes, exchange.require_somebody)
            announced = request.headers.get("content-length", "").encode("latin-1")
            request.body = await read_body(receive, announced, options.max_body_bytes, admission, hold=hold)
        plan = wire.plan(self.root, request, max_batch=options.max_batch)
        if plan.stream:
            await unless_disconnected(departure, exchange.authenticate())
            with self._opened(), self._counted(exchange):
                return await Lines(self.settler, plan, exchange).serve(departure, send, self._headers(exchange), self._closing)
        if plan.kind is Kind.SUBSCRIPTION and not plan.batch:
            await unless_disconnected(departure, exchange.authenticate())
            one = plan.calls[0]
            subscription = Subscription(self.settler, exchange, one, plan.inputs.of(one.index))
            with self._opened(), self._counted(exchange):
                await subscription.serve(departure, send, self._headers(exchange), self._closing)
            return None
        return await unless_disconnected(departure, self._whole(plan, exchange))

    @contextmanager
    def _opened(self) -> Iterator[None]:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            yield
        finally:
            self._open.discard(task)

    @contextmanager
    def _counted(self, exchange: Exchange) -> Iterator[None]:
        """Count one more open stream. Raises TooManyRequests when its caller or network address has too many."""
        with self._openings.of_address(exchange.request):
            if exchange.actor is None:
                yield
                return
            with self._openings.of_caller(exchange.actor):
                yield

    async def _socket(self, exchange: Exchange, receive: Receive, send: Send) -> None:
        try:
            with self._opened(), self._openings.of_address(exchange.request):
                return await Socket(self.root, self.settler, exchange, send, self._openings).serve(receive, self._closing)
        except TooManyRequests:
            await receive()  # websocket.connect
            return await send({"type": "websocket.close", "code": 1013})

    async def _whole(self, plan: wire.Plan, exchange: Exchange) -> wire.Reply:
        await exchange.authenticate()
        settle = self.settler.settle
        if len(plan.calls) == 1:
            settled = [await settle(plan.calls[0], plan, exchange)]
        else:
            settled = list(await asyncio.gather(*(settle(one, plan, exchange) for one in plan.calls)))
        return wire.join(settled, batch=plan.batch)

    def _headers(self, exchange: Exchange) -> Headers:
        """Return the headers of every response."""
        headers = [_VARY, (b"x-request-id", exchange.request.id.encode()), self._contract]
        if self.options.allowed_origins:
            headers += cors.headers(exchange.request, self.options.allowed_origins)
        return headers

    async def _send(self, send: Send, reply: wire.Reply, exchange: Exchange) -> None:
        headers = [*self._headers(exchange), _NO_STORE, *((name.encode(), value.encode("latin-1")) for name, value in reply.headers)]
        headers += [(b"set-cookie", cookie.encode("latin-1")) for cookie in exchange.outgoing.cookies]
        body, encoding = await compress(reply.body, exchange.request.headers.get("accept-encoding", ""))
        if reply.status != 204:
            headers += [_JSON, *encoding, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
