"""The context of a handler, and the core's requirements of its host program."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from os import urandom
from typing import Any, Generic, Literal, Protocol, TypeVar

from backend.actor import Actor

H = TypeVar("H")
W = TypeVar("W")
T = TypeVar("T")


class Work(Protocol):
    """A unit of work, as the core needs it."""

    @property
    def audited(self) -> int:
        """Number of recorded audit entries."""

    def amended(self, answer: T) -> T:
        """Return the answer with what was learned after the commit, if anything."""


@dataclass(slots=True)
class Request:
    """One request, independent of a framework. Header names are lower-case; `path` is the procedure part of the URL, percent-decoded."""

    method: str = "POST"
    path: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    client: str | None = None
    connection_params: Mapping[str, str] | None = None
    id: str = field(default_factory=lambda: urandom(16).hex())

    @property
    def cookies(self) -> dict[str, str]:
        """Return the request's cookies; none when the header is unreadable."""
        try:
            return {name: morsel.value for name, morsel in SimpleCookie(self.headers.get("cookie", "")).items()}
        except CookieError:
            return {}


class Host(Protocol):
    """The program around the core: authenticates callers and opens units of work."""

    @property
    def hub(self) -> Any:
        """The object that handlers reach as `ctx.hub`."""

    async def authenticate(self, request: Request) -> Actor:
        """Return the request's sender, an anonymous actor without credentials. Raises a HubError for invalid credentials."""

    def work(self, actor: Actor, *, read_only: bool) -> AbstractAsyncContextManager[Any]:
        """Open a unit of work for the actor. It commits at the end of the block, and rolls back on an error."""


@dataclass(slots=True)
class Outgoing:
    """Cookies of the response, as `Set-Cookie` values. `sent` is true once the response's head has left."""

    cookies: list[str] = field(default_factory=list)
    sent: bool = False

    def add(self, cookie: str) -> None:
        """Queue a cookie. Raises RuntimeError after the head has left: no cookie could reach the browser then."""
        if self.sent:
            raise RuntimeError("the response's head has left; a cookie can only be set by a call that is not streamed")
        self.cookies.append(cookie)


@dataclass(slots=True)
class Ctx(Generic[H, W]):
    """The context of a call: the hub, the caller, the request, and its unit of work.

    A streaming handler has no `work`, because a transaction must not stay open while it waits. It opens one when needed: `async with ctx.open() as work`.
    """

    hub: H
    actor: Actor
    request: Request
    host: Host
    outgoing: Outgoing
    last_event_id: str | None = None
    current: W | None = None

    @property
    def work(self) -> W:
        """Return the call's unit of work."""
        if self.current is None:
            raise RuntimeError("a handler that streams, or is declared without a transaction, opens its own units of work: `async with ctx.open() as work`")
        return self.current

    def open(self, *, read_only: bool = True) -> AbstractAsyncContextManager[W]:
        """Open a unit of work, for streaming handlers."""
        return self.host.work(self.actor, read_only=read_only)

    def set_cookie(self, name: str, value: str, *, max_age: int, path: str = "/", secure: bool = True, same_site: Literal["Lax", "Strict"] = "Lax") -> None:
        """Send a cookie that scripts cannot read. `max_age` in seconds."""
        flags = "; Secure" if secure else ""
        self.outgoing.add(f"{name}={value}; Path={path}; Max-Age={max_age}; HttpOnly; SameSite={same_site}{flags}")

    def clear_cookie(self, name: str, *, path: str = "/") -> None:
        """Make the browser delete a cookie."""
        self.outgoing.add(f"{name}=; Path={path}; Max-Age=0; HttpOnly; SameSite=Lax")


@dataclass(slots=True, frozen=True)
class Tracked(Generic[T]):
    """A streamed item with an id for resuming. The id is not empty and has no NUL, CR or LF."""

    id: str
    data: T

    def __post_init__(self) -> None:
        """Refuse an id that cannot be written on one line."""
        if not self.id or any(c in self.id for c in "\0\r\n"):
            raise ValueError(f"a tracked id is not empty and has no NUL, CR or LF: {self.id!r}")
