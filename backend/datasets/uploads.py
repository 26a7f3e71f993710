"""Uploaded files: inspected in quarantine, kept until they are sealed, discarded or expired."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from backend.actor import Actor
from backend.catalog import service as catalog
from backend.datasets import actions, child, repository, service
from backend.datasets.errors import ColumnsUnclear, UploadNotFound
from backend.datasets.events import DATASET_CHANGED
from backend.datasets.reading import steps
from backend.datasets.reading.shapes import DataFileFacts
from backend.datasets.snapshot_files import upload_name
from backend.datasets.tables import UploadTable
from backend.files import digest_of
from backend.hub import Hub
from backend.ids import new_id
from backend.work.unit import UnitOfWork
from schemas.columns import ColumnType
from schemas.common import Issue
from schemas.datasets import ColumnChoice, DatasetKind, DatasetSlug, GuessedColumn, SealUpload, Snapshot, Upload, UploadRef

WAITING = timedelta(days=7)
"""How long an uploaded file waits for its seal."""


async def expect(work: UnitOfWork, slug: str) -> None:
    """Check that a dataset takes files. Raises DatasetNotFound, WrongKind."""
    await service.find(work, slug, kinds=(DatasetKind.UPLOAD,))


async def admit(hub: Hub, actor: Actor, slug: str, file_name: str, quarantined: Path) -> Upload:
    """Inspect a quarantined file and keep it until its seal. Raises DatasetNotFound, WrongKind, UnreadableData and its kin; nothing is then kept."""
    folder = quarantined.with_name(f"{quarantined.name}-folder")
    folder.mkdir(mode=0o700)
    try:
        facts = await child.ask(steps.inspect, str(quarantined), file_name, str(folder))
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    upload_id, (size, sha256) = new_id(), await asyncio.to_thread(_measured, quarantined)
    await asyncio.to_thread(hub.files.put, upload_name(upload_id), quarantined, sha256)
    try:
        async with hub.work(actor) as work:
            return await _keep(work, slug, upload_id, file_name, (size, sha256), facts)
    except BaseException:
        await asyncio.to_thread(hub.files.delete, upload_name(upload_id))
        raise


def _measured(path: Path) -> tuple[int, str]:
    return path.stat().st_size, digest_of(path)


async def _keep(work: UnitOfWork, slug: str, upload_id: UUID, file_name: str, bytes_: tuple[int, str], facts: DataFileFacts) -> Upload:
    dataset = await service.find(work, slug, kinds=(DatasetKind.UPLOAD,))
    row = UploadTable(
        id=upload_id,
        tenant_id=work.tenant_id,
        dataset_id=dataset.id,
        file_name=file_name,
        size_bytes=bytes_[0],
        sha256=bytes_[1],
        format=facts.format,
        delimiter=facts.delimiter,
        columns=msgspec.to_builtins(facts.columns),
        created_at=work.now,
        created_by=work.actor.name,
        expires_at=work.now + WAITING,
    )
    work.session.add(row)
    await work.session.flush()
    work.audit(actions.DATASETS_UPLOAD, f"dataset:{slug}", after={"file_name": file_name, "size_bytes": row.size_bytes, "sha256": row.sha256})
    work.live(DATASET_CHANGED, slug)
    return _upload_of(row, slug)


async def list_uploads(work: UnitOfWork, input: DatasetSlug) -> list[Upload]:
    """Return the uploads that wait for their seal, newest first. Raises DatasetNotFound."""
    dataset = await service.find(work, input.slug)
    return [_upload_of(row, dataset.slug) for row in await repository.uploads(work.session, work.tenant_id, dataset.id)]


async def discard(work: UnitOfWork, input: UploadRef) -> list[Upload]:
    """Remove an uploaded file. Return the rest. Raises UploadNotFound."""
    row, slug = await _find(work, input.upload_id)
    await repository.remove_upload(work.session, work.tenant_id, row.id)
    name = upload_name(row.id)
    work.after_commit(lambda: asyncio.to_thread(work.hub.files.delete, name))
    work.audit(actions.DATASETS_DISCARD_UPLOAD, f"dataset:{slug}", before={"file_name": row.file_name, "sha256": row.sha256})
    return await list_uploads(work, DatasetSlug(slug=slug))


async def seal(work: UnitOfWork, input: SealUpload) -> Snapshot:
    """Ask for a snapshot of an uploaded file. Columns without a choice keep their guess. Raises UploadNotFound, VersionNotFound, ColumnsUnclear."""
    row, slug = await _find(work, input.upload_id)
    signature = await signature_of(work, input.version_id) if input.version_id else {}
    choices = _settled(msgspec.convert(row.columns, list[GuessedColumn], strict=False), input.columns, signature)
    dataset = await service.find(work, slug, lock=True)
    row.sealed_at, row.expires_at = work.now, work.now + WAITING
    source = {"kind": "upload", "upload_id": str(row.id), "file_name": row.file_name, "sha256": row.sha256, "format": row.format, "delimiter": row.delimiter}
    return await service.add_snapshot(work, dataset, source, choices)


async def signature_of(work: UnitOfWork, version_id: UUID) -> dict[str, ColumnType]:
    """Return the types of a version's inputs. Raises VersionNotFound."""
    version, _ = await catalog.find_version(work, version_id)
    return {feature["name"]: feature.get("type", "number") for feature in version.document.get("features", [])}


def _settled(guessed: list[GuessedColumn], given: list[ColumnChoice], signature: dict[str, ColumnType]) -> list[ColumnChoice]:
    chosen = {choice.name: choice for choice in given}
    names = {column.name for column in guessed}
    issues = [Issue(pointer=f"/columns/{at}/name", message=f"the file has no column {one.name!r}") for at, one in enumerate(given) if one.name not in names]
    if len(chosen) < len(given):
        issues.append(Issue(pointer="/columns", message="a column is named twice"))
    issues += [Issue(pointer="/columns", message=column.question) for column in guessed if column.question and column.name not in chosen]
    settled = [chosen.get(column.name) or ColumnChoice(name=column.name, type=signature.get(column.name, column.type), role=column.role) for column in guessed]
    issues += one_of_each(settled)
    if issues:
        raise ColumnsUnclear(f"The choices do not settle the columns: {issues[0].message}", issues=issues)
    return settled


def one_of_each(choices: list[ColumnChoice]) -> list[Issue]:
    """Return an issue for each role that only one column can have, and several have."""
    named = {role: [choice.name for choice in choices if choice.role == role] for role in ("target", "weight", "timestamp")}
    several = {role: names for role, names in named.items() if len(names) > 1}
    return [Issue(pointer="/columns", message=f"only one column can have the role {role}, not {', '.join(names[:5])}") for role, names in several.items()]


async def _find(work: UnitOfWork, upload_id: UUID) -> tuple[UploadTable, str]:
    row = await repository.upload(work.session, work.tenant_id, upload_id, lock=True)
    if row is None or row.sealed_at is not None:
        raise UploadNotFound
    return row, (await repository.dataset_by_id(work.session, work.tenant_id, row.dataset_id)).slug


def _upload_of(row: UploadTable, slug: str) -> Upload:
    return Upload(
        id=row.id,
        slug=slug,
        file_name=row.file_name,
        format=row.format,  # type: ignore[arg-type]
        delimiter=row.delimiter,
        size_bytes=row.size_bytes,
        columns=msgspec.convert(row.columns, list[GuessedColumn], strict=False),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
    )
