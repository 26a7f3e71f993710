"""Commands that act on a running hub as a person or by a token."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from backend.access.authenticate import authenticate_token
from backend.access.operator import act_as
from backend.access.permissions import P
from backend.actor import Actor
from backend.adapters.processes import SetupError
from backend.bootstrap import ServingHub, open_hub
from backend.errors import Forbidden, Unauthorized
from backend.hub import Hub
from rpc.commands.shared.installation import read_settings, running_installation
from rpc.commands.shared.ready import kept_access
from rpc.core import Request
from rpc.core.call import Exchange, call, find
from rpc.host import ProductHost
from rpc.root import root
from schemas.common import Shape

T = TypeVar("T")
Command = Callable[..., Any]


def acting_options(command: Command) -> Command:
    """Add `--email` and `--token`, the actor of the command."""
    command = click.option("--token", help="Act by this API token, with its scopes. [default: TILTYARD_TOKEN]", envvar="TILTYARD_TOKEN")(command)
    return click.option("--email", help="Act as this person. [default: the first administrator]")(command)


async def acting(data_dir: Path | None, email: str | None, token: str | None, needed: str, do: Callable[[ServingHub, Actor], Awaitable[T]]) -> T:
    """Open the installation's hub and act as the named person or token. Raises SetupError, Unauthorized, Forbidden."""
    async with open_hub(running_installation(read_settings(data_dir)), pool_size=2) as hub:
        actor = await _actor(hub, email, token)
        if not actor.may(P(needed)):
            raise Forbidden(f"this needs the permission `{needed}`")
        return await do(hub, actor)


class Caller:
    """Calls procedures through the same pipeline as HTTP, with the current rights of the named person or token."""

    def __init__(self, hub: ServingHub, email: str | None, token: str | None) -> None:
        self._hub = hub
        self._email = email
        self._token = token

    async def ask(self, path: str, given: Shape | None, shape: type[T]) -> T:
        """Return a procedure's answer, in its shape. Raises the procedure's errors, SetupError, Unauthorized and Forbidden."""
        actor = await _actor(self._hub, self._email, self._token)
        exchange = Exchange(ProductHost(self._hub), Request(path=path), actor)
        raw = None if given is None else msgspec.Raw(msgspec.json.encode(given))
        answer = await call(exchange, find(root, path), raw)
        return msgspec.json.decode(answer, type=shape, strict=False)


async def calling(data_dir: Path | None, email: str | None, token: str | None, do: Callable[[Caller], Awaitable[T]]) -> T:
    """Open the installation's hub and call procedures as the named person or token."""
    async with open_hub(running_installation(read_settings(data_dir)), pool_size=2) as hub:
        return await do(Caller(hub, email, token))


async def _actor(hub: Hub, email: str | None, token: str | None) -> Actor:
    if token and email is None:
        if actor := await authenticate_token(hub, token):
            return actor
        raise Unauthorized("The token is not known, or no longer valid.")
    if email := email or kept_access(hub.settings.data_dir).email:
        return await act_as(hub, email)
    raise SetupError("No administrator's sign-in is stored in the data folder. Name the actor with --email or --token.")
