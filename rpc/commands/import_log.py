"""`tiltyard import-log`: imports inferences of another platform into a group's log."""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from rpc.commands.export_log import LAYOUTS
from rpc.commands.shared.acting import Caller, acting_options, calling
from rpc.commands.shared.terminal import data_dir_option, errors
from schemas.log import ImportedLog, ImportLog

PART = 4000
"""Lines per transaction."""
Numbered = tuple[int, bytes]
"""A line and its number in the file, from 1."""


@click.command("import-log", short_help="Import another platform's log into a group's log.")
@data_dir_option
@acting_options
@click.option("--layout", type=LAYOUTS, required=True, help="A Databricks inference table as JSON lines, KServe's CloudEvents, or SageMaker's data capture.")
@click.argument("group")
@click.argument("file", type=click.File("rb"))
def command(data_dir: Path | None, email: str | None, token: str | None, layout: str, group: str, file: BinaryIO) -> None:
    """Store the inferences of FILE (- for standard input) in the log of GROUP, marked as imported. The hub must run. A second import adds nothing.

    The exit code is 2 when lines were refused.
    """

    async def bring(caller: Caller) -> list[ImportedLog]:
        receipts = []
        for part in _parts(file, layout):
            lines = [line.decode("utf-8", "replace").strip() for _, line in part]
            given = ImportLog(slug=group, layout=layout, lines=lines)  # type: ignore[arg-type]  # click's choice
            receipt = await caller.ask("inference.importLog", given, ImportedLog)
            for refused in receipt.refused:
                errors.print(f"line {part[refused.line][0]}: {refused.reason}", markup=False)
            receipts.append(receipt)
        return receipts

    receipts = asyncio.run(calling(data_dir, email, token, bring))
    lost = sum(receipt.refused_total for receipt in receipts)
    click.echo(f"{sum(one.rows for one in receipts):,} inferences imported, {sum(one.known for one in receipts):,} known already, {lost:,} lines refused")
    sys.exit(2 if lost else 0)


def _parts(file: Iterable[bytes], layout: str) -> Iterator[list[Numbered]]:
    """Yield parts of lines, each line with its number in the file. KServe's events come in any order: the two of one inference are put together."""
    lines: Iterator[Numbered] = ((number, line) for number, line in enumerate(file, 1) if line.strip())
    if layout == "kserve":
        lines = iter(sorted(lines, key=lambda one: _event_id(one[1])))
    part: list[Numbered] = []
    last: object = None
    for number, line in lines:
        this = _event_id(line) if layout == "kserve" else None
        if len(part) >= PART and (this is None or this != last):
            yield part
            part = []
        part.append((number, line))
        last = this
    if part:
        yield part


def _event_id(line: bytes) -> str:
    try:
        return str(msgspec.json.decode(line)["id"])
    except (msgspec.DecodeError, KeyError, TypeError, RecursionError):
        return ""
