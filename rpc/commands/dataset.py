"""`tiltyard dataset`: make datasets, upload files, seal snapshots, and look at them."""

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import click
import msgspec

from backend.access.permissions import P
from backend.actor import Actor
from backend.bootstrap import ServingHub
from backend.datasets import uploads
from rpc.commands.shared.acting import Caller, acting, acting_options, calling
from rpc.commands.shared.terminal import data_dir_option
from schemas.common import Shape
from schemas.datasets import (
    ColumnChoice,
    CreateDataset,
    Dataset,
    DatasetErasure,
    DatasetKind,
    EraseFromDataset,
    FromLog,
    ListSnapshots,
    SealRows,
    SealUpload,
    Snapshot,
    SnapshotRef,
    SnapshotState,
    Upload,
)
from schemas.datasets.quality import Quality

T = TypeVar("T")
POLL_SECONDS = 0.5
Who = tuple[Path | None, str | None, str | None]
COLUMN = click.option("--column", "columns", multiple=True, help="NAME=TYPE[:ROLE[:NUMBER_FORMAT]], such as amount=number:feature:decimal_comma.")
NO_WAIT = click.option("--no-wait", is_flag=True, help="Do not wait until the snapshot is ready.")


@click.group("dataset", short_help="Make datasets, upload files, seal and read snapshots.")
def command() -> None:
    """Datasets and their snapshots. The hub must run; a worker prepares the snapshots."""


@command.command("list", short_help="List all datasets.")
@data_dir_option
@acting_options
def list_(data_dir: Path | None, email: str | None, token: str | None) -> None:
    """List all datasets, each with its newest snapshot."""
    for one in _ask((data_dir, email, token), "datasets.list", None, list[Dataset]):
        newest = one.newest
        click.echo(f"{one.slug:24} {one.kind:14} " + (f"snapshot {newest.number}: {newest.state}, {newest.rows or 0:,} rows" if newest else "no snapshot"))


@command.command("create", short_help="Create a dataset without rows.")
@data_dir_option
@acting_options
@click.option("--name", help="The name. [default: the slug]")
@click.option("--kind", type=click.Choice([str(one) for one in DatasetKind]), default="upload", show_default=True, help="Where its rows come from.")
@click.argument("slug")
def create(data_dir: Path | None, email: str | None, token: str | None, name: str | None, kind: str, slug: str) -> None:
    """Create the dataset SLUG."""
    made = _ask((data_dir, email, token), "datasets.create", CreateDataset(name=name or slug, slug=slug, kind=DatasetKind(kind)), Dataset)
    click.echo(f"{made.slug}  {made.id}")


@command.command("upload", short_help="Upload a file and show the guess for its columns.")
@data_dir_option
@acting_options
@click.argument("slug")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def upload(data_dir: Path | None, email: str | None, token: str | None, slug: str, file: Path) -> None:
    """Upload FILE for the dataset SLUG: CSV, TSV, JSON lines, Parquet or Arrow. `tiltyard dataset seal` makes a snapshot of it."""

    async def do(hub: ServingHub, actor: Actor) -> Upload:
        async with hub.work(actor, read_only=True) as work:
            await uploads.expect(work, slug)
        path = hub.data_dir / "quarantine" / uuid4().hex
        try:
            await asyncio.to_thread(_copied, file, path)
            return await uploads.admit(hub, actor, slug, file.name[-200:], path)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    found = asyncio.run(acting(data_dir, email, token, P.DATASET_DATASET_WRITE, do))
    click.echo(f"{found.id}  {found.format}, {found.size_bytes:,} bytes")
    for column in found.columns:
        said = column.question or column.note
        click.echo(f"  {column.name:30} {column.type:10} {', '.join(column.examples)}" + (f"\n      {said}" if said else ""))


@command.command("seal", short_help="Make a snapshot of an uploaded file.")
@data_dir_option
@acting_options
@COLUMN
@NO_WAIT
@click.argument("upload_id", metavar="UPLOAD", type=click.UUID)
def seal(data_dir: Path | None, email: str | None, token: str | None, columns: tuple[str, ...], no_wait: bool, upload_id: UUID) -> None:
    """Make a snapshot of UPLOAD. Columns that you do not name keep their guess."""
    _seal((data_dir, email, token), "datasets.sealUpload", SealUpload(upload_id=upload_id, columns=_choices(columns)), no_wait)


@command.command("seal-rows", short_help="Make a snapshot of a decision log.")
@data_dir_option
@acting_options
@COLUMN
@NO_WAIT
@click.argument("slug")
def seal_rows(data_dir: Path | None, email: str | None, token: str | None, columns: tuple[str, ...], no_wait: bool, slug: str) -> None:
    """Make a snapshot of all rows that the decision log SLUG has now."""
    _seal((data_dir, email, token), "datasets.sealRows", SealRows(slug=slug, columns=_choices(columns)), no_wait)


@command.command("from-group", short_help="Make a snapshot of a group's log with its outcomes.")
@data_dir_option
@acting_options
@COLUMN
@NO_WAIT
@click.option("--group", required=True, help="The group.")
@click.option("--mature-days", type=click.IntRange(0, 3650), default=0, show_default=True, help="Only requests at least this old.")
@click.option("--phase", "phases", multiple=True, type=int, help="Only this phase. May be repeated.")
@click.argument("slug")
def from_group(
    data_dir: Path | None,
    email: str | None,
    token: str | None,
    columns: tuple[str, ...],
    no_wait: bool,
    group: str,
    mature_days: int,
    phases: tuple[int, ...],
    slug: str,
) -> None:
    """Make a snapshot for SLUG of the log of a group, archived weeks included."""
    given = FromLog(slug=slug, group=group, mature_days=mature_days, phases=list(phases), columns=_choices(columns))
    _seal((data_dir, email, token), "datasets.fromGroup", given, no_wait)


@command.command("snapshots", short_help="List a dataset's snapshots.")
@data_dir_option
@acting_options
@click.argument("slug")
def snapshots(data_dir: Path | None, email: str | None, token: str | None, slug: str) -> None:
    """List the snapshots of SLUG, newest first."""
    for one in _ask((data_dir, email, token), "datasets.snapshots", ListSnapshots(slug=slug), list[Snapshot]):
        click.echo(f"{one.id}  {one.number:4}  {one.state:9}  {one.rows or 0:>12,} rows  {one.content_hash or one.message or ''}")


@command.command("quality", short_help="Show the quality summary of a snapshot.")
@data_dir_option
@acting_options
@click.argument("snapshot_id", metavar="SNAPSHOT", type=click.UUID)
def quality(data_dir: Path | None, email: str | None, token: str | None, snapshot_id: UUID) -> None:
    """Show missing and distinct values, repeated rows, and suspects of leakage of SNAPSHOT."""
    found = _ask((data_dir, email, token), "datasets.quality", SnapshotRef(snapshot_id=snapshot_id), Quality)
    click.echo(f"{found.rows:,} rows, {found.duplicate_rows:,} repeated")
    for column in found.columns:
        click.echo(f"  {column.name:30} {column.type:10} {column.role:10} {column.missing:,} missing, {column.distinct:,} distinct")
    for said in [*found.warnings, *(f"{one.column}: {one.reason} ({one.strength:.2f})" for one in found.suspects)]:
        click.echo(f"  ! {said}")


@command.command("erase", short_help="Remove an entity's rows from a dataset.")
@data_dir_option
@acting_options
@click.option("--entity", required=True, help="The entity's key.")
@click.option("--reason", required=True, help="Why; kept in the audit log.")
@click.confirmation_option(prompt="This cannot be undone. Erase?")
@click.argument("slug")
def erase(data_dir: Path | None, email: str | None, token: str | None, entity: str, reason: str, slug: str) -> None:
    """Remove an entity's rows from every snapshot of SLUG and from its appended rows."""
    given = EraseFromDataset(slug=slug, entity_key=entity, confirm=entity, reason=reason)
    done = _ask((data_dir, email, token), "datasets.eraseEntity", given, DatasetErasure)
    click.echo(f"{done.rows:,} rows of {done.snapshots} snapshots, {done.appended_rows:,} appended rows")


def _ask(who: Who, path: str, given: Shape | None, shape: type[T]) -> T:
    return asyncio.run(calling(*who, lambda caller: caller.ask(path, given, shape)))


def _seal(who: Who, path: str, given: Shape, no_wait: bool) -> None:
    async def do(caller: Caller) -> Snapshot:
        found = await caller.ask(path, given, Snapshot)
        while not no_wait and found.state is SnapshotState.PREPARING:
            await asyncio.sleep(POLL_SECONDS)
            found = await caller.ask("datasets.snapshot", SnapshotRef(snapshot_id=found.id), Snapshot)
        return found

    found = asyncio.run(calling(*who, do))
    click.echo(f"{found.id}  snapshot {found.number} of {found.slug}: {found.state}" + (f", {found.rows:,} rows, {found.content_hash}" if found.rows else ""))
    if found.state is SnapshotState.FAILED:
        click.echo(found.message, err=True)
        for issue in found.issues:
            click.echo(f"  {issue.message}", err=True)
        sys.exit(1)


def _choices(given: tuple[str, ...]) -> list[ColumnChoice]:
    choices = []
    for one in given:
        name, _, rest = one.rpartition("=")
        parts: list[Any] = rest.split(":")
        if not name or len(parts) > 3:
            raise click.UsageError(f"--column {one}: write NAME=TYPE, NAME=TYPE:ROLE or NAME=TYPE:ROLE:NUMBER_FORMAT.")
        fields = dict(zip(("type", "role", "number_format"), parts, strict=False))
        try:
            choices.append(msgspec.convert({"name": name, **fields}, ColumnChoice))
        except msgspec.ValidationError as error:
            raise click.UsageError(f"--column {one}: {error}") from None
    return choices


def _copied(file: Path, path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(file, path)
