"""The same procedures over a WebSocket (wsLink)."""

import asyncio
from collections.abc import MutableMapping
from contextlib import ExitStack, aclosing, suppress
from dataclasses import replace
from os import urandom
from typing import Any

import msgspec

from backend.errors import TooManyRequests
from rpc.core import errors, wire
from rpc.core.answer import Settler, of_kind
from rpc.core.asgi import Receive, Send
from rpc.core.call import Exchange, stream
from rpc.core.context import Outgoing, Tracked
from rpc.core.csrf import check_socket
from rpc.core.limits import Openings
from rpc.core.messages import Message, Unreadable, body, parse, parse_params
from rpc.core.outputs import Output
from rpc.core.router import Router
from rpc.core.stream_body import STALLED, happens

INTRODUCTION_SECONDS = 10.0
POLICY, RESTART, TOO_LARGE = 1008, 1012, 1009


class Socket:
    """One WebSocket. Each call and each subscription is its own task; none outlives the socket."""

    def __init__(self, root: Router, settler: Settler, exchange: Exchange, send: Send, openings: Openings) -> None:
        """`exchange` is of the request for the socket: it identifies the caller, or the first message's parameters do."""
        self._root = root
        self._settler = settler
        self._exchange = exchange
        self._send = send
        self._calls: set[asyncio.Task[None]] = set()
        self._subscriptions: dict[int | float | str, tuple[asyncio.Task[None], Message, wire.Call]] = {}
        self._clock = asyncio.get_running_loop().time
        self._heard = self._clock()
        self._over = False
        self._openings = openings
        self._counted = ExitStack()

    async def serve(self, receive: Receive, closing: asyncio.Event) -> None:
        """Answer until either side ends it."""
        await receive()  # websocket.connect
        try:
            check_socket(self._exchange.request, self._settler.options.allowed_origins)
        except errors.CrossSite:
            return await self._send({"type": "websocket.close", "code": POLICY})
        await self._send({"type": "websocket.accept"})
        reading, keeping = asyncio.ensure_future(self._read(receive)), asyncio.ensure_future(self._keep(closing))
        try:
            await asyncio.wait({reading, keeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._over = True
            self._counted.close()
            tasks = {reading, keeping, *self._calls}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        code = next((task.result() for task in (reading, keeping) if not task.cancelled()), None)
        if code is not None:
            with suppress(OSError):
                await self._send({"type": "websocket.close", "code": code})
        return None

    async def _read(self, receive: Receive) -> int | None:
        """Read the client's messages. Return the close code, or None when the client has left."""
        known = self._exchange.request.query.get("connectionParams") != "1"
        if known and not await self._authenticate():
            return POLICY
        while (message := await self._next(receive, known=known))["type"] != "websocket.disconnect":
            self._heard = self._clock()
            said: str | bytes = message.get("text") or message.get("bytes") or b""
            options = self._settler.options
            if len(said) > (options.max_body_bytes if self._exchange.is_known else options.anonymous_body_bytes):
                return TOO_LARGE
            if said == "PING":
                await self._say("PONG")
            elif said == "PONG":
                continue
            elif known:
                await self._take(said)
            else:
                known = await self._introduce(said)
                if not known:
                    return POLICY
        return None

    async def _next(self, receive: Receive, *, known: bool) -> MutableMapping[str, Any]:
        """Return the client's next message; an unauthenticated client must send it soon."""
        if known:
            return await receive()
        try:
            async with asyncio.timeout(INTRODUCTION_SECONDS):
                return await receive()
        except TimeoutError:
            await self._fail(None, errors.TimedOut(f"The first message must authenticate the caller within {INTRODUCTION_SECONDS:g} seconds."), None)
            return {"type": "websocket.disconnect"}

    async def _introduce(self, said: str | bytes) -> bool:
        """Handle the connection's parameters. False when they authenticate nobody."""
        try:
            self._exchange.request.connection_params = parse_params(said)
        except errors.UnreadableParams as error:
            await self._fail(None, error, None)
            return False
        return await self._authenticate()

    async def _authenticate(self) -> bool:
        await self._exchange.authenticate()
        if self._exchange.refused is not None:
            await self._fail(None, self._exchange.refused, None)
            return False
        try:
            self._counted.enter_context(self._openings.of_caller(self._exchange.caller()))
        except TooManyRequests as error:
            await self._fail(None, error, None)
            return False
        return True

    async def _take(self, said: str | bytes) -> None:
        try:
            messages = parse(said, self._settler.options.max_batch)
        except Unreadable as error:
            for message in error.messages or (None,):
                await self._fail(message, error.error, None)
            return
        for message in messages:
            if message.method == "subscription.stop":
                await self._stop(message)
            elif refusal := self._refusal(message):
                await self._fail(message, refusal, None)
            else:
                self._begin(message)

    async def _stop(self, message: Message) -> None:
        await asyncio.sleep(0)  # a new task must take its first step, or it could not report that it was stopped
        if message.id in self._subscriptions:
            self._subscriptions[message.id][0].cancel()

    def _refusal(self, message: Message) -> Exception | None:
        if message.id is None:
            return errors.MalformedRequest("`id` is required")
        if message.method == "subscription" and message.id in self._subscriptions:
            return errors.MalformedRequest(f"Duplicate id {message.id}")
        if len(self._calls) >= (limit := self._settler.options.max_in_flight):
            return TooManyRequests(f"This connection already has {limit} open calls and subscriptions, the limit. Stop one first.", retryAfter=1)
        return None

    def _begin(self, message: Message) -> None:
        one = wire.Call(0, *self._root.find(message.params.path))
        exchange = replace(self._exchange, request=replace(self._exchange.request, id=urandom(16).hex()), outgoing=Outgoing(sent=True))
        carrying = self._subscribe if message.method == "subscription" else self._answer
        task = asyncio.ensure_future(carrying(message, one, exchange))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        if message.method == "subscription" and message.id is not None:
            self._subscriptions[message.id] = task, message, one

    async def _answer(self, message: Message, one: wire.Call, exchange: Exchange) -> None:
        try:
            procedure = of_kind(one, message.method)
            if procedure.streams:
                raise errors.UnsupportedMediaType("This procedure streams its result: call it through httpBatchStreamLink")
            await exchange.renew()
            await self._result(message, b'"type":"data","data":' + await self._settler.call(exchange, procedure, message.params.raw))
        except asyncio.CancelledError as error:
            await self._fail(message, errors.unasked(error), one, exchange)
        except Exception as error:
            await self._fail(message, error, one, exchange)

    async def _subscribe(self, message: Message, one: wire.Call, exchange: Exchange) -> None:
        begun = False
        try:
            procedure = of_kind(one, message.method)
            raw, after = wire.resumed(message.params.raw, message.params.last_event_id)
            await exchange.renew()
            async with aclosing(stream(exchange, procedure, raw, after)) as items:
                begun = True
                await self._result(message, b'"type":"started"')
                async for item in items:
                    await self._result(message, _data(item, procedure.output))
        except asyncio.CancelledError as error:
            if self._over:
                raise
            if not errors.is_asked_to_stop():
                await self._fail(message, errors.unasked(error), one, exchange)
        except Exception as error:
            await self._fail(message, error, one, exchange)
        finally:
            if message.id is not None:
                self._subscriptions.pop(message.id, None)
        if begun:
            await self._result(message, b'"type":"stopped"')

    async def _keep(self, closing: asyncio.Event) -> int | None:
        """Check that the client is still there and still may call. Return the close code, or None when it is gone."""
        options = self._settler.options
        now = asked = checked = self._clock()
        ends = now + options.max_duration if options.max_duration is not None else float("inf")
        while not await happens(closing, min(ends, asked + options.ping_interval, checked + options.recheck_interval) - now):
            now = self._clock()
            if now >= ends:
                break
            if now - self._heard > STALLED + options.ping_interval:
                return None
            if now - asked >= options.ping_interval:
                asked = now
                try:
                    async with asyncio.timeout(STALLED):
                        await self._say("PING")
                except TimeoutError:
                    return None
            if now - checked >= options.recheck_interval:
                checked = now
                if refused := await self._refused():
                    await self._end_subscriptions(refused)
                    return POLICY
        await self._say(b'{"id":null,"method":"reconnect"}')
        return RESTART

    async def _refused(self) -> Exception | None:
        if not self._exchange.is_known:
            return None
        try:
            await self._exchange.recheck([one.procedure for _, _, one in self._subscriptions.values() if one.procedure is not None])
        except Exception as error:
            return error
        return None

    async def _end_subscriptions(self, error: Exception) -> None:
        for _, message, one in list(self._subscriptions.values()):
            await self._fail(message, error, one)

    async def _result(self, message: Message, result: bytes) -> None:
        await self._say(body(message, b'"result":{%b}' % result))

    async def _fail(self, message: Message | None, error: Exception, one: wire.Call | None, exchange: Exchange | None = None) -> None:
        _, shape = self._settler.shape(error, (exchange or self._exchange).request, one)
        await self._say(body(message, b'"error":' + msgspec.json.encode(shape)))

    async def _say(self, what: str | bytes) -> None:
        if not self._over:
            with suppress(OSError):  # the client has left; reading will notice it
                await self._send({"type": "websocket.send", "text": what if isinstance(what, str) else what.decode()})


def _data(item: Any, output: Output) -> bytes:
    if isinstance(item, Tracked):
        event_id = msgspec.json.encode(item.id)
        return b'"type":"data","id":%b,"data":{"id":%b,"data":%b}' % (event_id, event_id, output.encode(item.data))
    return b'"type":"data","data":' + output.encode(item)
