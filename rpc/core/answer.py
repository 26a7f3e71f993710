"""Executes one call of a request on any transport, and reports its end in tRPC's form."""

import asyncio
import traceback
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import msgspec

from rpc.core import errors, wire
from rpc.core.call import Exchange, call, check_declared, stream
from rpc.core.context import Request
from rpc.core.inputs import Raw
from rpc.core.options import Options
from rpc.core.outputs import Output
from rpc.core.procedure import Kind, Procedure
from schemas.common import Json

Items = AsyncGenerator[Any, None]


@dataclass(slots=True)
class Opened:
    """A call that answers with a stream: its items, and their encoder."""

    items: Items
    output: Output


@dataclass(slots=True)
class Settler:
    """Executes calls under the wire's settings."""

    options: Options

    async def settle(self, one: wire.Call, plan: wire.Plan, exchange: Exchange) -> wire.Settled:
        """Execute one call of a request with a whole answer. It never raises: a failed call leaves the others of its batch alone."""
        try:
            procedure = self.check(one, exchange.request)
            if procedure.streams:
                raise errors.UnsupportedMediaType("This procedure streams its result: call it through httpBatchStreamLink or httpSubscriptionLink")
            return wire.Settled(200, wire.result(await self.call(exchange, procedure, self._raw(procedure, one, plan))))
        except asyncio.CancelledError as error:
            return self.failed(errors.unasked(error), exchange.request, one)
        except Exception as error:
            return self.failed(error, exchange.request, one)

    async def begin(self, one: wire.Call, plan: wire.Plan, exchange: Exchange) -> wire.Settled | Opened:
        """Execute one call of a request with an answer in JSON lines. It never raises."""
        if one.procedure is None or not one.procedure.streams:
            return await self.settle(one, plan, exchange)
        try:
            procedure = self.check(one, exchange.request)
            if procedure.kind is Kind.SUBSCRIPTION:
                raise errors.MalformedRequest("Cannot batch subscription calls")
            return Opened(stream(exchange, procedure, self._raw(procedure, one, plan)), procedure.output)
        except Exception as error:
            return self.failed(error, exchange.request, one)

    async def call(self, exchange: Exchange, procedure: Procedure, raw: Raw) -> bytes:
        """Return the result as JSON. Raises TimedOut when the call takes too long."""
        if self.options.timeout is None:
            return await call(exchange, procedure, raw)
        try:
            async with asyncio.timeout(self.options.timeout) as limit:
                return await call(exchange, procedure, raw)
        except TimeoutError as error:
            if limit.expired():
                raise errors.TimedOut(f"The call took longer than {self.options.timeout:g} s, the limit for one call. Ask for less, or try again.") from error
            raise

    def check(self, one: wire.Call, request: Request) -> Procedure:
        """Return the procedure, if this method may call it."""
        if one.procedure is None:
            raise errors.UnknownProcedure(f'No procedure found on path "{one.path}"')
        wire.check_method(one.procedure, request, one.path, method_override=self.options.method_override)
        return one.procedure

    def failed(self, error: Exception, request: Request, one: wire.Call | None) -> wire.Settled:
        """Return the envelope of a failed call, or (without one) of a failed request."""
        status, shape = self.shape(error, request, one)
        return wire.Settled(status, msgspec.json.encode({"error": shape}), wire.headers_of(error))

    def shape(self, error: Exception, request: Request, one: wire.Call | None) -> tuple[int, dict[str, Json]]:
        """Return HTTP status and error shape. What the caller must not see is logged."""
        if one is not None and one.procedure is not None:
            check_declared(one.procedure, error)
        path = None if one is None else one.path
        errors.report(error, path=path, request_id=request.id)
        stack = "".join(traceback.format_exception(error)) if self.options.development else None
        return errors.envelope(error, path=path, request_id=request.id, stack=stack)

    @staticmethod
    def _raw(procedure: Procedure, one: wire.Call, plan: wire.Plan) -> Raw:
        return None if procedure.input is None else plan.inputs.of(one.index)


def of_kind(one: wire.Call, kind: str) -> Procedure:
    """Return the procedure, if it has the kind that the caller expects. Raises NotFound."""
    if one.procedure is None or one.procedure.kind != kind:
        raise errors.UnknownProcedure(f'No "{kind}"-procedure on path "{one.path}"')
    return one.procedure
