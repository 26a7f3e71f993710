"""A procedure: declared once; its types are read once, at import."""

import inspect
import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from backend.access.permissions import P
from backend.errors import HubError
from rpc.core.context import Ctx
from rpc.core.forms import FormData
from rpc.core.inputs import EitherInput, FormInput, JsonInput, OctetInput
from rpc.core.outputs import Output

Handler = Callable[..., Any]
F = TypeVar("F", bound=Handler)

RESERVED = frozenset({"then", "call", "apply"})
"""Names that JavaScript's proxies and promises look up by themselves."""

_NAME = re.compile(r"^[a-z][A-Za-z0-9]*$")
_STREAMS = (AsyncIterator, AsyncIterable, AsyncGenerator)


class Kind(StrEnum):
    """The kind of a procedure's calls."""

    QUERY = "query"
    MUTATION = "mutation"
    SUBSCRIPTION = "subscription"


class DeclarationError(TypeError):
    """A procedure's declaration is wrong. Raised at import, so the process does not start."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """A declared procedure. `output` is one item when it streams; `input` is absent when the handler takes none."""

    name: str
    kind: Kind
    handler: Handler
    permission: P
    input: JsonInput | FormInput | OctetInput | None
    output: Output
    streams: bool
    errors: tuple[type[HubError], ...]
    audited: bool
    transaction: bool
    """False: the handler opens its own units of work, and holds no connection while it waits."""

    @property
    def doc(self) -> str:
        """Return the handler's docstring."""
        return inspect.getdoc(self.handler) or ""


def declare(handler: Handler, *, kind: Kind, permission: P, errors: tuple[type[HubError], ...], audited: bool, transaction: bool) -> Procedure:
    """Read the handler's annotations. Raises DeclarationError for a missing one."""
    where = f"{handler.__module__}.{handler.__qualname__}"
    if not isinstance(permission, P):
        raise DeclarationError(f"{where}: `permission` must be one of backend.access.permissions.P")
    if audited and not transaction:
        raise DeclarationError(f"{where}: an audited mutation needs a transaction")
    if not inspect.isasyncgenfunction(handler) and not inspect.iscoroutinefunction(handler):
        raise DeclarationError(f"{where}: a handler must be `async def`")
    hints = get_type_hints(handler, include_extras=True)
    _check_parameters(where, handler, hints)
    shape = hints.get("input")
    streams, output = _output(where, handler, hints["return"])
    if kind is Kind.SUBSCRIPTION and not streams:
        raise DeclarationError(f"{where}: a subscription must be an async generator, annotated `-> AsyncIterator[Item]`")
    if kind is Kind.MUTATION and streams:
        raise DeclarationError(f"{where}: a mutation answers once; only queries and subscriptions stream")
    decoder = None if "input" not in hints else _input(where, shape, kind)
    name = camel(handler.__name__)
    check_name(where, name)
    return Procedure(name, kind, handler, permission, decoder, Output(output), streams, errors, audited, transaction)


def camel(name: str) -> str:
    """Return the camel-case name: `set_split` -> `setSplit`."""
    head, *tail = name.strip("_").split("_")
    return head + "".join(part.capitalize() for part in tail)


def check_name(where: str, name: str) -> None:
    """Refuse a name that clients could not call."""
    if name in RESERVED or not _NAME.match(name):
        raise DeclarationError(f"{where}: {name!r} cannot be a procedure's name (camelCase; not {', '.join(sorted(RESERVED))})")


def _check_parameters(where: str, handler: Handler, hints: dict[str, Any]) -> None:
    names = list(inspect.signature(handler).parameters)
    if names not in (["ctx"], ["ctx", "input"]):
        raise DeclarationError(f"{where}: a handler takes `ctx` or `ctx, input`, not {names}")
    for name in [*names, "return"]:
        if name not in hints:
            raise DeclarationError(f"{where}: `{name}` has no annotation")
    ctx = get_origin(hints["ctx"]) or hints["ctx"]
    if not (isinstance(ctx, type) and issubclass(ctx, Ctx)):
        raise DeclarationError(f"{where}: annotate `ctx` as Ctx, not as {hints['ctx']!r}")


def _input(where: str, shape: Any, kind: Kind) -> JsonInput | FormInput | OctetInput:
    if shape in (FormData, bytes):
        if kind is not Kind.MUTATION:
            raise DeclarationError(f"{where}: only a mutation takes a form or bytes")
        return FormInput() if shape is FormData else OctetInput()
    if FormData in get_args(shape):
        (taken,) = (one for one in get_args(shape) if one is not FormData)
        if kind is not Kind.MUTATION:
            raise DeclarationError(f"{where}: only a mutation takes a form")
        return EitherInput(taken)
    decoder = JsonInput(shape)
    if kind is Kind.SUBSCRIPTION and not decoder.objects_only:
        raise DeclarationError(f"{where}: a subscription's input must be an object, so that a client can add `lastEventId` to it")
    return decoder


def _output(where: str, handler: Handler, annotation: Any) -> tuple[bool, Any]:
    streams = inspect.isasyncgenfunction(handler)
    if not streams:
        return False, annotation
    if get_origin(annotation) not in _STREAMS:
        raise DeclarationError(f"{where}: annotate an async generator as `-> AsyncIterator[Item]`, not as {annotation!r}")
    return True, get_args(annotation)[0]
