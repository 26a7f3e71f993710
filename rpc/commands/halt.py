"""`tiltyard halt` and `tiltyard resume`: stop and resume a group's answers from the command line."""

import asyncio
from pathlib import Path

import click

from rpc.commands.shared.acting import acting_options, calling
from rpc.commands.shared.terminal import data_dir_option
from schemas.groups import Group, HaltGroup, ResumeGroup

LOST = "answers nobody, except perhaps a process that has lost PostgreSQL: the group's settings let it continue. Stop that process"
_reason = click.option("--reason", default="", help="The reason; kept, and shown to every refused caller.")
_group = click.argument("group")


@click.command("halt", short_help="Stop all answers of a group, at once.")
@data_dir_option
@acting_options
@_reason
@_group
def command(data_dir: Path | None, email: str | None, token: str | None, reason: str, group: str) -> None:
    """Stop all answers of GROUP. When the command ends, no process answers for it any more, on any host.

    Two people resume it: `tiltyard resume GROUP`.
    """
    given = HaltGroup(slug=group, reason=reason)
    click.echo(_state(asyncio.run(calling(data_dir, email, token, lambda caller: caller.ask("groups.halt", given, Group)))))


@click.command("resume", short_help="Resume a halted group's answers.")
@data_dir_option
@acting_options
@_reason
@_group
def resume(data_dir: Path | None, email: str | None, token: str | None, reason: str, group: str) -> None:
    """Ask to resume GROUP's answers, or confirm it as a second person."""
    given = ResumeGroup(slug=group, reason=reason)
    click.echo(_state(asyncio.run(calling(data_dir, email, token, lambda caller: caller.ask("groups.resume", given, Group)))))


def _state(group: Group) -> str:
    halt = group.halt
    if halt is None:
        return f"{group.slug} answers."
    since = halt.at.isoformat(timespec="seconds")
    asked = f" {halt.requested_by} asks to resume it; a second person confirms." if halt.requested_by else ""
    who = LOST if group.settled is False else "answers nobody"
    return f"{group.slug} {who}: halted by {halt.by} at {since}{f' ({halt.reason})' if halt.reason else ''}.{asked}"
