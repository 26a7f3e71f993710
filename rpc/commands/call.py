"""`tiltyard call`: runs any procedure, through the same pipeline as a call over HTTP."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import click
import msgspec

from backend.access.operator import act_as
from backend.actor import Actor
from backend.adapters.processes import SetupError
from backend.bootstrap import open_hub
from backend.errors import HubError
from backend.hub import Hub
from backend.settings import Settings
from rpc.commands.contract import unknown
from rpc.commands.shared.installation import read_settings, running_installation
from rpc.commands.shared.ready import kept_access
from rpc.commands.shared.terminal import console, data_dir_option, errors
from rpc.core import Request
from rpc.core.call import Exchange, call, find, stream
from rpc.core.errors import WIRE, UnknownProcedure, known, report
from rpc.core.inputs import FormInput, OctetInput, Raw
from rpc.core.outputs import Output
from rpc.core.procedure import Procedure
from rpc.core.wire import resumed
from rpc.host import ProductHost
from rpc.root import root

EXIT_CODES = {400: 2, 401: 3, 403: 3, 404: 4, 409: 5, 412: 5, 422: 2}
"""By HTTP status; 1 for any other failure."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


@click.command("call", short_help="Run any procedure: tiltyard call groups.list")
@data_dir_option
@click.option("--email", help="Act as this person. [default: the first administrator]")
@click.option("--token", help="Act by this API token, with its scopes. [default: TILTYARD_TOKEN]", envvar="TILTYARD_TOKEN")
@click.argument("path")
@click.argument("given", metavar="[INPUT]", required=False)
def command(data_dir: Path | None, email: str | None, token: str | None, path: str, given: str | None) -> None:
    """Run the procedure PATH on a running hub and print its result as JSON.

    A stream's items come one per line, until Ctrl-C if it never ends. A subscription continues after the id in INPUT's `lastEventId`.

    INPUT is JSON, @FILE, or - for standard input. `tiltyard contract show PATH` shows the procedure's input and output.

    Exit codes: 2, the input is wrong; 3, the call is not allowed; 4, something is not found; 5, a conflict; 1, the hub failed.
    """
    procedure = _find(path)
    raw = _input(procedure, given)
    settings = running_installation(read_settings(data_dir))
    try:
        sys.exit(asyncio.run(_run(settings, procedure, path, raw, email, token)))
    except KeyboardInterrupt:  # the way to leave a stream that never ends
        sys.exit(INTERRUPTED)


def _find(path: str) -> Procedure:
    try:
        return find(root, path)
    except UnknownProcedure:
        raise unknown(path, [one for one, _ in root.procedures()]) from None


def _input(procedure: Procedure, given: str | None) -> Raw:
    if given is None:
        return None
    if isinstance(procedure.input, FormInput):
        raise click.BadParameter("this procedure takes a form, which only HTTP can send. Use an HTTP client", param_hint="INPUT")
    if given == "-":
        content = sys.stdin.buffer.read()
    elif given.startswith("@"):
        try:
            content = Path(given[1:]).read_bytes()
        except OSError as error:
            raise click.BadParameter(f"{given[1:]} cannot be read: {error.strerror}", param_hint="INPUT") from error
    else:
        content = given.encode()
    return content if isinstance(procedure.input, OctetInput) else msgspec.Raw(content)


async def _run(settings: Settings, procedure: Procedure, path: str, raw: Raw, email: str | None, token: str | None) -> int:
    async with open_hub(settings, pool_size=2) as hub:
        host, request = ProductHost(hub), Request(path=path, headers={"authorization": f"Bearer {token}"} if token else {})
        try:
            exchange = Exchange(host, request, actor=await acting_as(hub, host, request, email))
            if procedure.streams:
                raw, after = resumed(raw, None)
                await _print_items(stream(exchange, procedure, raw, after), procedure.output)
            else:
                _print(await call(exchange, procedure, raw))
        except (SetupError, BrokenPipeError):  # the reader of the items has enough of them
            raise
        except Exception as error:  # shown as a caller over HTTP would see it
            report(error, path=path, request_id=request.id)
            return _fail(known(error), request.id)
        finally:
            await hub.serving.stop()
    return 0


async def acting_as(hub: Hub, host: ProductHost, request: Request, email: str | None) -> Actor:
    """Return the actor of a command: the token's owner, the named person, else the first administrator. Raises SetupError, Unauthorized."""
    if email is None and request.headers:
        return await host.authenticate(request)
    if email := email or kept_access(hub.settings.data_dir).email:
        return await act_as(hub, email)
    raise SetupError("No administrator's sign-in is stored in the data folder. Name the actor with --email or --token.")


async def _print_items(items: AsyncGenerator[object, None], output: Output) -> None:
    async with aclosing(items):
        async for item in items:
            click.echo(output.encode(item))


def _print(result: bytes) -> None:
    if console.is_terminal:
        console.print_json(result.decode(), indent=2)
    else:
        click.echo(msgspec.json.format(result, indent=2))


def _fail(error: HubError, request_id: str) -> int:
    status = WIRE[error.code].status
    errors.print(f"[bold red]{error.reason}[/] [dim]{error.code} · {status}[/]")
    errors.print(f"  {error.message}", markup=False)
    for issue in error.issues:
        errors.print(f"  {issue.pointer or '(the input)'}: {issue.message}", markup=False)
    errors.print(f"  request {request_id}", markup=False, style="dim")
    return EXIT_CODES.get(status, 1)
