"""The bare ASGI application under `/rpc`: everything it answers, failures included, is in tRPC's envelope."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from rpc.core import errors, wire
from rpc.core.call import Exchange, call, check_declared
from rpc.core.context import Host, Outgoing, Request
from rpc.core.contract.fingerprint import contract_hash
from rpc.core.csrf import check_origin
from rpc.core.router import Router

T = TypeVar("T")
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

log = logging.getLogger("tiltyard.rpc")

CONTRACT_HEADER = "x-tiltyard-contract"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the wire. `method_override` lets queries be sent by POST; `development` sends stack traces."""

    base: str = "/rpc"
    max_body_bytes: int = 16 * 1024 * 1024
    max_batch: int = 100
    method_override: bool = False
    development: bool = False


class Disconnected(Exception):
    """The client left before its answer was ready."""


class RpcApp:
    """Serves the procedures of `root`. Give it every request whose path is `base` or begins with `base/`."""

    def __init__(self, root: Router, host: Host, options: Options | None = None) -> None:
        """The contract's hash is computed here, so a declaration that has no contract fails at start-up."""
        self.root = root
        self.host = host
        self.options = options or Options()
        self.contract_hash = contract_hash(root)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request()
        outgoing = Outgoing()
        try:
            reply = await self._answer(scope, receive, request, outgoing)
        except Disconnected:
            return
        except Exception as error:  # whatever it is, the client gets an envelope it can read
            reply = self._failure(error, request)
        await self._send(send, reply, request, outgoing)

    async def _answer(self, scope: Scope, receive: Receive, request: Request, outgoing: Outgoing) -> wire.Reply:
        if scope["method"] == "HEAD":
            return wire.Reply(204)
        read_head(scope, request, self.options.base)
        wire.content_of(request)
        check_origin(request)
        request.body = await read_body(request, receive, self.options.max_body_bytes)
        plan = wire.plan(self.root, request, max_batch=self.options.max_batch)
        exchange = Exchange(self.host, request, outgoing=outgoing)
        return await unless_disconnected(receive, self._run(plan, exchange))

    async def _run(self, plan: wire.Plan, exchange: Exchange) -> wire.Reply:
        await exchange.authenticate()
        if len(plan.calls) == 1:
            settled = [await self._settle(plan.calls[0], plan, exchange)]
        else:
            settled = list(await asyncio.gather(*(self._settle(c, plan, exchange) for c in plan.calls)))
        return wire.join(settled, batch=plan.batch)

    async def _settle(self, one: wire.Call, plan: wire.Plan, exchange: Exchange) -> wire.Settled:
        request = exchange.request
        try:
            if one.procedure is None:
                raise errors.UnknownProcedure(f'No procedure found on path "{one.path}"')
            wire.check_method(one.procedure, request, one.path, method_override=self.options.method_override)
            if one.procedure.streams:
                raise errors.UnsupportedMediaType("This procedure streams its result: call it through httpBatchStreamLink or httpSubscriptionLink")
            raw = None if one.procedure.input is None else plan.inputs.of(one.index)
            return wire.Settled(200, wire.result(await call(exchange, one.procedure, raw)))
        except Exception as error:  # one call's failure is its own: the others of the batch go on
            if one.procedure is not None:
                check_declared(one.procedure, error)
            status, body = self._envelope(error, request, one.path)
            return wire.Settled(status, body, getattr(error, "allow", None))

    def _envelope(self, error: Exception, request: Request, path: str | None) -> tuple[int, bytes]:
        errors.report(error, path=path, request_id=request.id)
        stack = "".join(traceback.format_exception(error)) if self.options.development else None
        status, shape = errors.envelope(error, path=path, request_id=request.id, stack=stack)
        return status, msgspec.json.encode({"error": shape})

    def _failure(self, error: Exception, request: Request) -> wire.Reply:
        status, body = self._envelope(error, request, None)
        allow = getattr(error, "allow", None)
        return wire.Reply(status, body, [] if allow is None else [("allow", allow)])

    async def _send(self, send: Send, reply: wire.Reply, request: Request, outgoing: Outgoing) -> None:
        headers = [
            ("vary", "trpc-accept, accept"),
            ("x-request-id", request.id),
            (CONTRACT_HEADER, self.contract_hash),
            ("cache-control", "no-store"),
            *reply.headers,
            *(("set-cookie", cookie) for cookie in outgoing.cookies),
        ]
        if reply.status != 204:
            headers += [("content-type", "application/json"), ("content-length", str(len(reply.body)))]
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
        await send({"type": "http.response.body", "body": reply.body})


def read_head(scope: Scope, request: Request, base: str) -> None:
    """Fill in what the head of a request says. Raises MalformedRequest for a path with a broken escape."""
    request.method = scope["method"]
    request.headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qsl(scope["query_string"].decode("utf-8", "replace"), keep_blank_values=True)
    request.query = dict(reversed(query))  # a repeated name keeps its first value
    request.client = scope["client"][0] if scope.get("client") else None
    raw = scope.get("raw_path") or scope["path"].encode()
    request.path = wire.decode_path(raw.split(b"?", 1)[0].removeprefix(base.encode()).removeprefix(b"/"))


async def read_body(request: Request, receive: Receive, limit: int) -> bytes:
    """The whole body. Raises PayloadTooLarge past `limit` bytes, and Disconnected."""
    if request.method == "GET":
        return b""
    announced = request.headers.get("content-length", "0")
    too_large = errors.PayloadTooLarge(f"The body is larger than {limit} bytes, which is what one request may carry", limit=limit)
    if announced.isdecimal() and int(announced) > limit:
        raise too_large
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            raise too_large
        if not message.get("more_body"):
            return b"".join(chunks)


async def unless_disconnected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Do the work, unless the client leaves first: then it is cancelled, and Disconnected raised.

    Only for a request whose body has been read: a watcher must not take its parts.
    """
    doing = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait({doing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise Disconnected
    finally:
        leaving.cancel()
        if doing.cancel():
            await asyncio.wait({doing})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
