"""A batch in JSON lines (httpBatchStreamLink): each result as soon as it is ready, generators item by item."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from itertools import count

import msgspec

from rpc.core import wire
from rpc.core.answer import Opened, Settler
from rpc.core.asgi import Departure, Disconnected, Headers, Send, unless_disconnected
from rpc.core.call import Exchange
from rpc.core.errors import unasked
from rpc.core.procedure import Kind
from rpc.core.stream_body import Ended, Outlet

GRACE = 0.002
"""Seconds. When all calls end within this time, the response is sent whole, with its length."""

HEADERS = [(b"content-type", b"application/json"), (b"cache-control", b"no-cache, no-transform"), (b"x-accel-buffering", b"no")]

Answer = asyncio.Task[wire.Settled | Opened]


class Lines:
    """One response in JSON lines.

    A line is `[chunk, status, value]`. A chunk is a promise (0: settled) or an iterable (1: an item, 0: its end, 2: its failure). The value that contains a
    chunk announces it: `[[value], [key, 0 or 1, chunk]]`. The chunk then replaces the value's key, or the whole value.
    """

    def __init__(self, settler: Settler, plan: wire.Plan, exchange: Exchange) -> None:
        """The calls begin when the response is served."""
        self._settler = settler
        self._plan = plan
        self._exchange = exchange
        self._chunks = count()
        self._open: dict[int, tuple[int, wire.Call]] = {}  # by chunk: the status of its failure, and its call

    async def serve(self, departure: Departure, send: Send, headers: Headers, closing: asyncio.Event) -> wire.Reply | None:
        """Return the whole response, or None when it has been streamed. Raises Disconnected when the client leaves."""
        loop = asyncio.get_running_loop()
        answers: list[Answer] = [loop.create_task(self._settler.begin(one, self._plan, self._exchange)) for one in self._plan.calls]
        try:
            if await self._all_there(answers, departure):
                return wire.Reply(200, self._head([answer.result() for answer in answers])[0])
            self._exchange.outgoing.sent = True
            await self._stream(answers, departure, send, headers, closing)
            return None
        finally:
            await _end(answers)

    async def _all_there(self, answers: list[Answer], departure: Departure) -> bool:
        """Return whether the response can be sent whole. A mutation's always is, so that it can set cookies."""
        await asyncio.sleep(0)  # their first step, for some the only one
        if self._plan.kind is Kind.MUTATION:
            await unless_disconnected(departure, _all(answers))
        elif not all(answer.done() for answer in answers):
            await asyncio.wait(answers, timeout=GRACE)
        return all(answer.done() and isinstance(answer.result(), wire.Settled) for answer in answers)

    async def _stream(self, answers: list[Answer], departure: Departure, send: Send, headers: Headers, closing: asyncio.Event) -> None:
        outlet = Outlet(send, b" ")
        await outlet.start([*headers, *HEADERS])
        head, promised = self._head([answer.result() if answer.done() else None for answer in answers])
        await outlet.write(head)
        procedures = [one.procedure for one in self._plan.calls if one.procedure is not None]
        settler, exchange = self._settler, self._exchange
        try:
            producing = self._produce(outlet, answers, promised)
            options = settler.options
            await outlet.run(producing, departure, outlet.keep(exchange, procedures, options, closing, lasting=options.max_duration))
        except Ended as ended:
            for chunk in list(self._open):
                await outlet.write(self._failed(chunk, ended.reason))
        await outlet.finish()

    def _head(self, settled: Sequence[wire.Settled | Opened | None]) -> tuple[bytes, dict[int, int]]:
        """Return the first line, and the chunks it promises, by call."""
        values: list[bytes] = []
        promised: dict[int, int] = {}
        for index, one in enumerate(settled):
            if isinstance(one, wire.Settled):
                values.append(b'"%d":[[%b]]' % (index, one.body))
            else:
                promised[index] = self._opened(1, self._plan.calls[index])
                values.append(b'"%d":[[0],[null,0,%d]]' % (index, promised[index]))
        return b"{" + b",".join(values) + b"}\n", promised

    async def _produce(self, outlet: Outlet, answers: list[Answer], promised: dict[int, int]) -> None:
        gone = False
        try:
            async with asyncio.TaskGroup() as group:
                for index, chunk in promised.items():
                    group.create_task(self._follow(outlet, self._plan.calls[index], answers[index], chunk))
        except* Disconnected:
            gone = True
        if gone:
            raise Disconnected

    async def _follow(self, outlet: Outlet, one: wire.Call, answer: Answer, chunk: int) -> None:
        settled = await answer
        del self._open[chunk]
        if isinstance(settled, wire.Settled):
            return await outlet.write(b"[%d,0,[[%b]]]\n" % (chunk, settled.body))
        data, items = next(self._chunks), self._opened(2, one)
        lines = b'[%d,0,[[{"result":0}],["result",0,%d]]]\n[%d,0,[[{"data":0}],["data",1,%d]]]\n' % (chunk, data, data, items)
        await outlet.write(lines)
        try:
            await self._iterate(outlet, settled, items)
        except Disconnected:
            raise
        except asyncio.CancelledError as error:
            await outlet.write(self._failed(items, unasked(error)))
        except Exception as error:  # this call's own failure
            await outlet.write(self._failed(items, error))
        return None

    async def _iterate(self, outlet: Outlet, opened: Opened, chunk: int) -> None:
        async with aclosing(opened.items) as items:
            async for item in items:
                await outlet.write(b"[%d,1,[[%b]]]\n" % (chunk, opened.output.encode(item)))
        del self._open[chunk]
        await outlet.write(b"[%d,0,[[]]]\n" % chunk)

    def _opened(self, failing: int, one: wire.Call) -> int:
        chunk = next(self._chunks)
        self._open[chunk] = failing, one
        return chunk

    def _failed(self, chunk: int, error: Exception) -> bytes:
        failing, one = self._open.pop(chunk)
        _, shape = self._settler.shape(error, self._exchange.request, one)
        return b"[%d,%d,%b]\n" % (chunk, failing, msgspec.json.encode(shape))


async def _all(answers: list[Answer]) -> None:
    await asyncio.wait(answers)


async def _end(answers: list[Answer]) -> None:
    """Cancel everything that is left after the response: calls and unread generators."""
    if under_way := [answer for answer in answers if answer.cancel()]:
        await asyncio.wait(under_way)
    for answer in answers:
        if not answer.cancelled() and isinstance(opened := answer.result(), Opened):
            await opened.items.aclose()
