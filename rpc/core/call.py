"""The fixed pipeline of a call: find · decode · authorise · open work · handle · encode · commit.

HTTP, the command line and tests all use it.
"""

import logging
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from opentelemetry.trace import SpanKind

from backend import tracing
from backend.access.permissions import P
from backend.actor import Actor
from backend.errors import Forbidden, HubError, Unauthorized
from rpc.core.context import Ctx, Host, Outgoing, Request
from rpc.core.errors import UnknownProcedure
from rpc.core.inputs import Raw
from rpc.core.limits import Limiter
from rpc.core.metrics import note_call, path_of
from rpc.core.procedure import Kind, Procedure
from rpc.core.router import Router

log = logging.getLogger("tiltyard.rpc")


@dataclass(slots=True)
class Exchange:
    """The state shared by the calls of one request. `refused` is the error of a failed authentication."""

    host: Host
    request: Request
    actor: Actor | None = None
    refused: Exception | None = None
    outgoing: Outgoing = field(default_factory=Outgoing)
    limiter: Limiter | None = None

    async def authenticate(self) -> None:
        """Authenticate the caller once. Each call that needs the caller raises the error."""
        if self.actor is not None or self.refused is not None:
            return
        try:
            self.actor = await self.host.authenticate(self.request)
        except Exception as error:
            self.refused = error

    async def require_somebody(self) -> None:
        """Raise Unauthorized for an anonymous caller, and the error of a failed authentication: no large body is read for them."""
        await self.authenticate()
        if self.caller().kind == "anonymous":
            raise Unauthorized("Sign in, or send an API token: without one a request may only have a small body.")

    def caller(self) -> Actor:
        """Return the caller. Raises the error of a failed authentication."""
        if self.actor is None:
            raise self.refused or RuntimeError("the exchange has not been authenticated")
        return self.actor

    @property
    def is_known(self) -> bool:
        """Return whether the caller is known."""
        return self.actor is not None and self.actor.kind != "anonymous"

    async def renew(self) -> None:
        """Authenticate again, for a call over a long-lived connection: it gets the caller's current rights.

        Raises Unauthorized after a sign-out or a revocation.
        """
        if not self.is_known:
            return
        before = self.caller()
        now = await self.host.authenticate(self.request)
        if identity(now) != identity(before):
            raise Unauthorized("You are no longer signed in. Sign in again.")
        self.actor = now

    async def recheck(self, procedures: Iterable[Procedure]) -> None:
        """Check that the caller's open streams may continue. Raises Unauthorized after a sign-out or a revocation, Forbidden after a loss of permission."""
        await self.renew()
        for procedure in procedures:
            check_permission(self.caller(), procedure)


def find(root: Router, path: str) -> Procedure:
    """Return the procedure at the path. Raises UnknownProcedure."""
    _, procedure = root.find(path)
    if procedure is None:
        raise UnknownProcedure(f'No procedure found on path "{path}"')
    return procedure


async def call(exchange: Exchange, procedure: Procedure, raw: Raw) -> bytes:
    """Execute one call with a single answer and return it as JSON. The transaction, if any, commits only after the result was encoded.

    The result includes what was learned after the commit about the change's propagation.
    """
    began, result = perf_counter(), "ok"
    try:
        if not tracing.enabled():
            return await _call(exchange, procedure, raw)
        name = path_of(procedure)
        with tracing.span(name, SpanKind.SERVER, exchange.request.headers, rpc__system="tiltyard", rpc__method=name):
            return await _call(exchange, procedure, raw)
    except Exception as error:
        result = error.reason if isinstance(error, HubError) else type(error).__name__
        raise
    finally:
        note_call(procedure, result, perf_counter() - began)


async def _call(exchange: Exchange, procedure: Procedure, raw: Raw) -> bytes:
    arguments = decode(procedure, raw)
    ctx = authorise(exchange, procedure)
    if not procedure.transaction:
        return procedure.output.encode(await procedure.handler(ctx, *arguments))
    async with exchange.host.work(ctx.actor, read_only=procedure.kind is Kind.QUERY) as work:
        ctx.current = work
        answer = await procedure.handler(ctx, *arguments)
        result = procedure.output.encode(answer)
        if procedure.audited and not work.audited:
            raise RuntimeError(f"the mutation {procedure.name!r} changed data without an audit entry")
    amended = work.amended(answer)
    return result if amended is answer else procedure.output.encode(amended)


def stream(exchange: Exchange, procedure: Procedure, raw: Raw, last_event_id: str | None = None) -> AsyncGenerator[Any, None]:
    """Execute one call with a stream and return its items, which are encoded as they leave. The caller closes it."""
    arguments = decode(procedure, raw)
    ctx = authorise(exchange, procedure)
    ctx.last_event_id = last_event_id
    items: AsyncGenerator[Any, None] = procedure.handler(ctx, *arguments)
    return items


def decode(procedure: Procedure, raw: Raw) -> tuple[Any, ...]:
    """Return the handler's arguments after `ctx`. Raises Invalid. An unexpected input is ignored."""
    return () if procedure.input is None else (procedure.input.decode(raw),)


def authorise(exchange: Exchange, procedure: Procedure) -> Ctx[Any, Any]:
    """Return the handler's context, if the caller may make this call. Raises Unauthorized, Forbidden, or TooManyRequests."""
    actor = exchange.caller()
    if exchange.limiter is not None:
        exchange.limiter.spend(actor, exchange.request)
    check_permission(actor, procedure)
    return Ctx(exchange.host.hub, actor, exchange.request, exchange.host, exchange.outgoing)


def check_permission(actor: Actor, procedure: Procedure) -> None:
    """Raise Unauthorized or Forbidden when the actor may not call the procedure."""
    if not actor.may(procedure.permission):
        if actor.kind == "anonymous" or procedure.permission is P.SIGNED_IN:
            raise Unauthorized
        raise Forbidden(f"this needs the permission `{procedure.permission}`", permission=procedure.permission)


def identity(actor: Actor) -> tuple[object, ...]:
    """Return the caller's identity and the kind of its credentials."""
    return actor.kind, actor.tenant_id, actor.person_id, actor.token_id, actor.session_id


def check_declared(procedure: Procedure, error: Exception) -> None:
    """Warn of an error that the contract does not declare to callers: a slice's error missing from the procedure."""
    general = type(error).__module__ in {"backend.errors", "rpc.core.errors"}
    if isinstance(error, HubError) and not general and not isinstance(error, procedure.errors):
        log.warning("%s raised %s without declaring it", procedure.name, type(error).__name__)
