"""`tiltyard halt` and `tiltyard resume`: stopping a group's answers from the command line."""

import asyncio
from pathlib import Path

import click

from rpc.commands.acting import acting_options, calling
from rpc.commands.terminal import data_dir_option
from schemas.groups import Group, HaltGroup, ResumeGroup

LOST = "answers nobody, but a process that has lost PostgreSQL may go on, as the group's settings let it: stop that process"
_reason = click.option("--reason", default="", help="Why; it is told to every caller that is refused, and kept.")
_group = click.argument("group")


@click.command("halt", short_help="Stop all answers of a group, at once.")
@data_dir_option
@acting_options
@_reason
@_group
def command(data_dir: Path | None, email: str | None, token: str | None, reason: str, group: str) -> None:
    """Stop all answers of GROUP. When the command ends, no process answers for it any more, wherever it runs.

    Two people resume it: `tiltyard resume GROUP`.
    """
    given = HaltGroup(slug=group, reason=reason)
    click.echo(_state(asyncio.run(calling(data_dir, email, token, lambda caller: caller.ask("groups.halt", given, Group)))))


@click.command("resume", short_help="Let a halted group answer again.")
@data_dir_option
@acting_options
@_reason
@_group
def resume(data_dir: Path | None, email: str | None, token: str | None, reason: str, group: str) -> None:
    """Ask that GROUP answers again, or confirm it as a second person."""
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
