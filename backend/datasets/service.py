"""Datasets and their snapshots: create, list, read, retention and legal hold."""

from uuid import UUID

import msgspec
from sqlalchemy.exc import IntegrityError

from backend.datasets import actions, repository
from backend.datasets.errors import DatasetHeld, DatasetNotFound, DatasetSlugTaken, SnapshotNotFound, SnapshotNotReady, WrongKind
from backend.datasets.events import DATASET_CHANGED
from backend.datasets.tables import DatasetTable, SnapshotTable
from backend.ids import new_id
from backend.runs import service as runs
from backend.work.unit import UnitOfWork
from schemas.columns import Column
from schemas.common import Issue, Json
from schemas.datasets import (
    ColumnChoice,
    CreateDataset,
    Dataset,
    DatasetKind,
    DatasetSlug,
    ErasedRows,
    ListSnapshots,
    SetDatasetHold,
    SetDatasetRetention,
    Snapshot,
    SnapshotRef,
    SnapshotState,
)
from schemas.datasets.quality import Preview, Quality

SEAL_RUN = "datasets.seal"


async def list_datasets(work: UnitOfWork) -> list[Dataset]:
    """Return all datasets, by name, each with its newest snapshot."""
    newest, counts = await repository.newest(work.session, work.tenant_id), await repository.counts(work.session, work.tenant_id)
    waiting = await repository.waiting(work.session, work.tenant_id)
    rows = await repository.datasets(work.session, work.tenant_id)
    return [dataset_of(row, newest.get(row.id), counts.get(row.id, 0), waiting.get(row.id, 0)) for row in rows]


async def get(work: UnitOfWork, input: DatasetSlug) -> Dataset:
    """Return one dataset. Raises DatasetNotFound."""
    return await describe(work, await find(work, input.slug))


async def create(work: UnitOfWork, input: CreateDataset) -> Dataset:
    """Create a dataset without rows. Raises DatasetSlugTaken."""
    row = DatasetTable(
        id=new_id(), tenant_id=work.tenant_id, slug=input.slug, name=input.name, kind=input.kind, created_at=work.now, created_by=work.actor.name
    )
    work.session.add(row)
    try:
        await work.session.flush()
    except IntegrityError:
        raise DatasetSlugTaken(f"A dataset already has the slug {input.slug}. Choose another slug.") from None
    made = dataset_of(row, None, 0, 0)
    work.audit(actions.DATASETS_CREATE, f"dataset:{row.slug}", after=made)
    work.live(DATASET_CHANGED, row.slug)
    return made


async def list_snapshots(work: UnitOfWork, input: ListSnapshots) -> list[Snapshot]:
    """Return a dataset's snapshots, newest first. Raises DatasetNotFound."""
    row = await find(work, input.slug)
    return [snapshot_of(one, row.slug) for one in await repository.snapshots(work.session, work.tenant_id, row.id, input.limit)]


async def get_snapshot(work: UnitOfWork, snapshot_id: UUID) -> Snapshot:
    """Return one snapshot, in whatever state. Raises SnapshotNotFound."""
    row = await find_snapshot(work, snapshot_id)
    return snapshot_of(row, (await repository.dataset_by_id(work.session, work.tenant_id, row.dataset_id)).slug)


async def ready_snapshot(work: UnitOfWork, snapshot_id: UUID) -> Snapshot:
    """Return one snapshot that can be used. Raises SnapshotNotFound, SnapshotNotReady."""
    found = await get_snapshot(work, snapshot_id)
    if found.state is not SnapshotState.READY:
        raise SnapshotNotReady(f"Snapshot {found.number} of {found.slug} is {found.state}. Wait until it is prepared, or choose another snapshot.")
    return found


async def quality(work: UnitOfWork, input: SnapshotRef) -> Quality:
    """Return the summary of a ready snapshot. Raises SnapshotNotFound, SnapshotNotReady."""
    await ready_snapshot(work, input.snapshot_id)
    return msgspec.convert((await find_snapshot(work, input.snapshot_id)).quality, Quality, strict=False)


async def preview(work: UnitOfWork, input: SnapshotRef) -> Preview:
    """Return the first rows of a ready snapshot; the read is recorded. Raises SnapshotNotFound, SnapshotNotReady."""
    found = await ready_snapshot(work, input.snapshot_id)
    work.audit_read(actions.DATASETS_PREVIEW, f"dataset:{found.slug}", {"snapshot": found.number})
    return msgspec.convert((await find_snapshot(work, input.snapshot_id)).preview, Preview, strict=False)


async def set_retention(work: UnitOfWork, input: SetDatasetRetention) -> Dataset:
    """Keep snapshots and appended rows for this number of days, or forever. Raises DatasetNotFound."""
    row = await find(work, input.slug, lock=True)
    before, row.retention_days = row.retention_days, input.days
    work.audit(actions.DATASETS_SET_RETENTION, f"dataset:{row.slug}", {"days": before}, {"days": input.days})
    work.live(DATASET_CHANGED, row.slug)
    await work.session.flush()
    return await describe(work, row)


async def set_legal_hold(work: UnitOfWork, input: SetDatasetHold) -> Dataset:
    """Set a legal hold, or lift it. While it holds, nothing of the dataset is erased or expires. Raises DatasetNotFound."""
    row = await find(work, input.slug, lock=True)
    before, row.legal_hold = row.legal_hold, input.reason
    work.audit(actions.DATASETS_SET_LEGAL_HOLD, f"dataset:{row.slug}", {"reason": before}, {"reason": input.reason})
    work.live(DATASET_CHANGED, row.slug)
    await work.session.flush()
    return await describe(work, row)


async def add_snapshot(work: UnitOfWork, dataset: DatasetTable, source: dict[str, Json], choices: list[ColumnChoice]) -> Snapshot:
    """Insert a snapshot that a worker then prepares. The caller holds the dataset's lock."""
    taken = await repository.counts(work.session, work.tenant_id)
    row = SnapshotTable(
        id=new_id(),
        tenant_id=work.tenant_id,
        dataset_id=dataset.id,
        number=taken.get(dataset.id, 0) + 1,
        state=SnapshotState.PREPARING,
        source=source,
        choices=msgspec.to_builtins(choices),
        columns=[],
        issues=[],
        issue_count=0,
        erasures=[],
        created_at=work.now,
        created_by=work.actor.name,
    )
    row.run_id = await runs.start(work, SEAL_RUN, f"dataset:{dataset.slug}", {"snapshot_id": str(row.id)})
    work.session.add(row)
    await work.session.flush()
    work.audit(actions.DATASETS_SEAL, f"dataset:{dataset.slug}", after={"snapshot": row.number, "source": source})
    work.live(DATASET_CHANGED, dataset.slug)
    return snapshot_of(row, dataset.slug)


async def find(work: UnitOfWork, slug: str, lock: bool = False, kinds: tuple[DatasetKind, ...] = ()) -> DatasetTable:
    """Return the row, for this slice. With `kinds`, only of these. Raises DatasetNotFound, WrongKind."""
    row = await repository.dataset(work.session, work.tenant_id, slug, lock)
    if row is None:
        raise DatasetNotFound(f"There is no dataset {slug!r} in this tenant. `datasets.list` lists them.")
    if kinds and row.kind not in kinds:
        raise WrongKind(f"The dataset {slug} is of the kind {row.kind}, and this needs {' or '.join(kinds)}. Make a new dataset for these rows.")
    return row


async def find_snapshot(work: UnitOfWork, snapshot_id: UUID, lock: bool = False) -> SnapshotTable:
    """Return the row, for this slice. Raises SnapshotNotFound."""
    row = await repository.snapshot(work.session, work.tenant_id, snapshot_id, lock)
    if row is None:
        raise SnapshotNotFound
    return row


def refuse_held(row: DatasetTable) -> None:
    """Raise DatasetHeld when the dataset has a legal hold."""
    if row.legal_hold is not None:
        raise DatasetHeld(f"A legal hold protects the dataset {row.slug}: {row.legal_hold}. To lift it, call `datasets.setLegalHold` without a reason.")


async def describe(work: UnitOfWork, row: DatasetTable) -> Dataset:
    """Return a dataset as callers see it."""
    newest, counts = await repository.newest(work.session, work.tenant_id), await repository.counts(work.session, work.tenant_id)
    waiting = await repository.waiting(work.session, work.tenant_id)
    return dataset_of(row, newest.get(row.id), counts.get(row.id, 0), waiting.get(row.id, 0))


def dataset_of(row: DatasetTable, newest: SnapshotTable | None, snapshots: int, waiting: int) -> Dataset:
    """Return a dataset as callers see it."""
    return Dataset(
        id=row.id,
        slug=row.slug,
        name=row.name,
        kind=DatasetKind(row.kind),
        created_at=row.created_at,
        created_by=row.created_by,
        retention_days=row.retention_days,
        legal_hold=row.legal_hold,
        snapshots=snapshots,
        newest=snapshot_of(newest, row.slug) if newest else None,
        waiting_rows=waiting,
    )


def snapshot_of(row: SnapshotTable, slug: str) -> Snapshot:
    """Return a snapshot as callers see it."""
    return Snapshot(
        id=row.id,
        slug=slug,
        number=row.number,
        state=SnapshotState(row.state),
        columns=msgspec.convert(row.columns, list[Column], strict=False),
        rows=row.rows,
        content_hash=row.content_hash,
        file_sha256=row.file_sha256,
        size_bytes=row.size_bytes,
        time_from=row.time_from,
        time_to=row.time_to,
        source=row.source,
        message=row.message,
        issues=msgspec.convert(row.issues, list[Issue], strict=False),
        issue_count=row.issue_count,
        erasures=msgspec.convert(row.erasures, list[ErasedRows], strict=False),
        run_id=row.run_id,
        created_at=row.created_at,
        created_by=row.created_by,
    )
