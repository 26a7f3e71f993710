"""`tiltyard import-log`: inferences that another platform made, into a group's log."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from backend.access.actor import Actor
from backend.bootstrap import Hub
from backend.inference.log import transfer
from rpc.commands.acting import acting, acting_options
from rpc.commands.export_log import LAYOUTS
from rpc.commands.terminal import data_dir_option, errors
from schemas.log import ImportedLog, ImportLog

PART = 4000
"""Lines in one transaction."""


@click.command("import-log", short_help="Another platform's log into a group's.")
@data_dir_option
@acting_options
@click.option("--layout", type=LAYOUTS, required=True, help="A Databricks inference table as JSON lines, KServe's CloudEvents, or SageMaker's data capture.")
@click.argument("group")
@click.argument("file", type=click.File("rb"))
def command(data_dir: Path | None, email: str | None, token: str | None, layout: str, group: str, file: BinaryIO) -> None:
    """Keep the inferences of FILE (- for standard input) in the log of GROUP, marked as imported. The hub must run. Importing twice keeps each once.

    The exit code is 2 when lines were refused.
    """

    async def bring(hub: Hub, actor: Actor) -> list[ImportedLog]:
        receipts = []
        for part in _parts(file, layout):
            async with hub.work(actor) as work:
                receipts.append(await transfer.import_lines(work, ImportLog(slug=group, layout=layout, lines=part)))  # type: ignore[arg-type]  # click's choice
        return receipts

    receipts = asyncio.run(acting(data_dir, email, token, "inference:log:import", bring))
    for at, receipt in enumerate(receipts):
        for refused in receipt.refused:
            errors.print(f"{f'line {at * PART + refused.line + 1}: ' if refused.line >= 0 else ''}{refused.reason}", markup=False)
    lost = sum(receipt.refused_total for receipt in receipts)
    click.echo(f"{sum(one.rows for one in receipts):,} inferences imported, {sum(one.known for one in receipts):,} known already, {lost:,} lines refused")
    sys.exit(2 if lost else 0)


def _parts(file: BinaryIO, layout: str) -> Iterator[list[str]]:
    """Lines in parts. KServe's events come in any order: its two of one inference are brought together."""
    lines: Iterator[bytes] = (line for line in file if line.strip())
    if layout == "kserve":
        lines = iter(sorted(lines, key=_event_id))
    part: list[str] = []
    last: object = None
    for line in lines:
        this = _event_id(line) if layout == "kserve" else None
        if len(part) >= PART and (this is None or this != last):
            yield part
            part = []
        part.append(line.decode("utf-8", "replace").strip())
        last = this
    if part:
        yield part


def _event_id(line: bytes) -> str:
    try:
        return str(msgspec.json.decode(line)["id"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return ""
