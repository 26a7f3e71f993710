"""The fixed pipeline of a call: find · decode · authorise · open work · handle · encode · commit.

HTTP, the command line and tests all go through here.
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
    """One request's share of state: the calls of a batch have it in common. `refused` is why nobody could be authenticated."""

    host: Host
    request: Request
    actor: Actor | None = None
    refused: Exception | None = None
    outgoing: Outgoing = field(default_factory=Outgoing)
    limiter: Limiter | None = None

    async def authenticate(self) -> None:
        """Find out who is calling, once. What goes wrong is told by each call that needs to know."""
        if self.actor is not None or self.refused is not None:
            return
        try:
            self.actor = await self.host.authenticate(self.request)
        except Exception as error:
            self.refused = error

    async def require_somebody(self) -> None:
        """Raises Unauthorized for nobody in particular, and what authentication raised: no large body is read for them."""
        await self.authenticate()
        if self.caller().kind == "anonymous":
            raise Unauthorized("Sign in, or send an API token: without one a request carries a small body only.")

    def caller(self) -> Actor:
        """Who is calling. Raises what authentication raised."""
        if self.actor is None:
            raise self.refused or RuntimeError("the exchange has not been authenticated")
        return self.actor

    @property
    def is_known(self) -> bool:
        """Is it somebody in particular who calls?"""
        return self.actor is not None and self.actor.kind != "anonymous"

    async def renew(self) -> None:
        """Find out anew who is calling, for a call over a connection that has been open for a while: it has the rights of now.

        Raises Unauthorized after a sign-out or a revocation.
        """
        if not self.is_known:
            return
        before = self.caller()
        now = await self.host.authenticate(self.request)
        if identity(now) != identity(before):
            raise Unauthorized("You are no longer signed in.")
        self.actor = now

    async def recheck(self, procedures: Iterable[Procedure]) -> None:
        """May the caller's open streams go on? Raises Unauthorized after a sign-out or a revocation, Forbidden after a loss of permission."""
        await self.renew()
        for procedure in procedures:
            check_permission(self.caller(), procedure)


def find(root: Router, path: str) -> Procedure:
    """The procedure at the path. Raises UnknownProcedure."""
    _, procedure = root.find(path)
    if procedure is None:
        raise UnknownProcedure(f'No procedure found on path "{path}"')
    return procedure


async def call(exchange: Exchange, procedure: Procedure, raw: Raw) -> bytes:
    """One call that answers once: the result as JSON. The transaction, if it has one, commits only after the result could be encoded.

    What is learned after the commit, of how far the change has got, is in the result too.
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
            raise RuntimeError(f"the mutation {procedure.name!r} changed things and left no audit entry")
    amended = work.amended(answer)
    return result if amended is answer else procedure.output.encode(amended)


def stream(exchange: Exchange, procedure: Procedure, raw: Raw, last_event_id: str | None = None) -> AsyncGenerator[Any, None]:
    """One call that answers with a stream: its items, which are encoded as they leave. The caller closes it."""
    arguments = decode(procedure, raw)
    ctx = authorise(exchange, procedure)
    ctx.last_event_id = last_event_id
    items: AsyncGenerator[Any, None] = procedure.handler(ctx, *arguments)
    return items


def decode(procedure: Procedure, raw: Raw) -> tuple[Any, ...]:
    """The handler's arguments after `ctx`. Raises Invalid. An input nobody asked for is ignored."""
    return () if procedure.input is None else (procedure.input.decode(raw),)


def authorise(exchange: Exchange, procedure: Procedure) -> Ctx[Any, Any]:
    """The handler's context, if the caller may make this call. Raises Unauthorized, Forbidden, or TooManyRequests."""
    actor = exchange.caller()
    if exchange.limiter is not None:
        exchange.limiter.spend(actor, exchange.request)
    check_permission(actor, procedure)
    return Ctx(exchange.host.hub, actor, exchange.request, exchange.host, exchange.outgoing)


def check_permission(actor: Actor, procedure: Procedure) -> None:
    """Raises Unauthorized or Forbidden when the actor may not call the procedure."""
    if not actor.may(procedure.permission):
        if actor.kind == "anonymous" or procedure.permission is P.SIGNED_IN:
            raise Unauthorized
        raise Forbidden(f"this needs the permission `{procedure.permission}`", permission=procedure.permission)


def identity(actor: Actor) -> tuple[object, ...]:
    """Who somebody is, and by what credentials we know it."""
    return actor.kind, actor.tenant_id, actor.person_id, actor.token_id, actor.session_id


def check_declared(procedure: Procedure, error: Exception) -> None:
    """Warn of an error that the contract does not tell callers about: a slice's own that the procedure does not declare."""
    general = type(error).__module__ in {"backend.errors", "rpc.core.errors"}
    if isinstance(error, HubError) and not general and not isinstance(error, procedure.errors):
        log.warning("%s raised %s without declaring it", procedure.name, type(error).__name__)
