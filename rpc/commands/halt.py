"""`tiltyard halt` and `tiltyard resume`: stopping a group's answers from the command line."""

import asyncio
from pathlib import Path

import click

from backend.access.authenticate import authenticate_token
from backend.access.operator import act_as
from backend.access.permissions import P
from backend.actor import Actor
from backend.adapters.processes import SetupError
from backend.bootstrap import open_hub
from backend.errors import Forbidden, Unauthorized
from backend.groups.halt import halt_group, resume_group
from backend.hub import Hub
from backend.settings import Settings
from rpc.commands.installation import read_settings, running_installation
from rpc.commands.ready import kept_access
from rpc.commands.terminal import data_dir_option
from schemas.groups import Group, HaltGroup, ResumeGroup

LOST = "answers nobody, but a process that has lost PostgreSQL may go on, as the group's settings let it: stop that process"
_email = click.option("--email", help="Act as this person. [default: the first administrator]")
_token = click.option("--token", help="Act by this API token, with its scopes. [default: TILTYARD_TOKEN]", envvar="TILTYARD_TOKEN")
_reason = click.option("--reason", default="", help="Why; it is told to every caller that is refused, and kept.")
_group = click.argument("group")


@click.command("halt", short_help="Stop all answers of a group, at once.")
@data_dir_option
@_email
@_token
@_reason
@_group
def command(data_dir: Path | None, email: str | None, token: str | None, reason: str, group: str) -> None:
    """Stop all answers of GROUP. When the command ends, no process answers for it any more, wherever it runs.

    Two people resume it: `tiltyard resume GROUP`.
    """
    asyncio.run(_halt(running_installation(read_settings(data_dir)), email, token, HaltGroup(slug=group, reason=reason)))


@click.command("resume", short_help="Let a halted group answer again.")
@data_dir_option
@_email
@_token
@_reason
@_group
def resume(data_dir: Path | None, email: str | None, token: str | None, reason: str, group: str) -> None:
    """Ask that GROUP answers again, or confirm it as a second person."""
    asyncio.run(_resume(running_installation(read_settings(data_dir)), email, token, ResumeGroup(slug=group, reason=reason)))


async def _halt(settings: Settings, email: str | None, token: str | None, input: HaltGroup) -> None:
    async with open_hub(settings, pool_size=2) as hub:
        actor = await _actor(hub, email, token, P.GROUP_GROUP_HALT)
        async with hub.work(actor) as work:
            group = await halt_group(work, input)
    click.echo(_state(work.amended(group)))


async def _resume(settings: Settings, email: str | None, token: str | None, input: ResumeGroup) -> None:
    async with open_hub(settings, pool_size=2) as hub:
        actor = await _actor(hub, email, token, P.GROUP_GROUP_RESUME)
        async with hub.work(actor) as work:
            group = await resume_group(work, input)
    click.echo(_state(group))


async def _actor(hub: Hub, email: str | None, token: str | None, permission: P) -> Actor:
    """Who gives the order. Raises SetupError, Unauthorized, Forbidden."""
    if token and email is None:
        found = await authenticate_token(hub, token)
        if found is None:
            raise Unauthorized("This API token is unknown, expired or revoked.")
    elif email := email or kept_access(hub.settings.data_dir).email:
        found = await act_as(hub, email)
    else:
        raise SetupError("No administrator's sign-in is kept in the data folder: say who you are with --email or --token.")
    if not found.may(permission):
        raise Forbidden(f"{found.name} lacks the permission `{permission}`.")
    return found


def _state(group: Group) -> str:
    halt = group.halt
    if halt is None:
        return f"{group.slug} answers."
    since = halt.at.isoformat(timespec="seconds")
    asked = f" {halt.requested_by} asks to resume it; a second person confirms." if halt.requested_by else ""
    who = LOST if group.settled is False else "answers nobody"
    return f"{group.slug} {who}: halted by {halt.by} at {since}{f' ({halt.reason})' if halt.reason else ''}.{asked}"
