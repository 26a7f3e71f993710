"""`tiltyard export-log`: exports a group's log in another platform's layout."""

import asyncio
from pathlib import Path
from typing import BinaryIO

import click

from rpc.commands.shared.acting import Caller, acting_options, calling
from rpc.commands.shared.terminal import data_dir_option
from schemas.log import ExportedLog, ExportLog

LAYOUTS = click.Choice(["databricks", "kserve", "sagemaker"])


@click.command("export-log", short_help="Export a group's log in another platform's layout.")
@data_dir_option
@acting_options
@click.option("--layout", type=LAYOUTS, required=True, help="A Databricks inference table, KServe's CloudEvents, or SageMaker's data capture.")
@click.option("--output", type=click.File("wb"), default="-", help="The file to write. [default: standard output]")
@click.argument("group")
def command(data_dir: Path | None, email: str | None, token: str | None, layout: str, output: BinaryIO, group: str) -> None:
    """Write the log of GROUP as lines of JSON, oldest first. The hub must run."""

    async def export(caller: Caller) -> int:
        cursor, written = None, 0
        while True:
            given = ExportLog(slug=group, layout=layout, cursor=cursor, limit=5000)  # type: ignore[arg-type]  # click's choice
            page = await caller.ask("inference.exportLog", given, ExportedLog)
            output.writelines(f"{line}\n".encode() for line in page.lines)
            written, cursor = written + len(page.lines), page.next_cursor
            if cursor is None:
                return written

    click.echo(f"{asyncio.run(calling(data_dir, email, token, export)):,} lines", err=True)
