"""`tiltyard toys`: a toy from the command line."""

import asyncio
from pathlib import Path

import click

from rpc.commands.shared.acting import acting_options, calling
from rpc.commands.shared.terminal import data_dir_option
from schemas.toys import MakeToy, Toy


@click.command("toys", short_help="Make a toy.")
@data_dir_option
@acting_options
@click.argument("name")
@click.argument("size", type=int)
def command(data_dir: Path | None, email: str | None, token: str | None, name: str, size: int) -> None:
    """Make the toy NAME of a SIZE."""
    made = asyncio.run(calling(data_dir, email, token, lambda caller: caller.ask("toys.make", MakeToy(name=name, size=size), Toy)))
    click.echo(f"{made.name} is made.")
