"""Datasets: files, decision logs and inference logs, sealed into immutable snapshots."""

from backend.access.permissions import P
from backend.catalog.errors import VersionNotFound
from backend.datasets import erasure, from_log, rows, service, uploads
from backend.datasets.errors import (
    ColumnsUnclear,
    DatasetHeld,
    DatasetNotFound,
    DatasetSlugTaken,
    DataTooCostly,
    ErasureNotConfirmed,
    KeyReused,
    SnapshotNotFound,
    SnapshotNotReady,
    UnreadableData,
    UploadNotFound,
    WrongKind,
)
from backend.files import FileAltered, FileLost, FilesAway
from backend.groups.errors import GroupNotFound
from rpc.core import Router
from rpc.host import Call
from schemas.datasets import (
    AppendReceipt,
    AppendRows,
    CreateDataset,
    Dataset,
    DatasetErasure,
    DatasetSlug,
    Derive,
    EraseFromDataset,
    FromLog,
    ListSnapshots,
    SealRows,
    SealUpload,
    SetDatasetHold,
    SetDatasetRetention,
    Snapshot,
    SnapshotRef,
    Upload,
    UploadRef,
)
from schemas.datasets.quality import Preview, Quality

datasets = Router("datasets")


@datasets.query(permission=P.DATASET_DATASET_READ)
async def list_(ctx: Call) -> list[Dataset]:
    """Return all datasets by name, each with its newest snapshot."""
    return await service.list_datasets(ctx.work)


@datasets.query(permission=P.DATASET_DATASET_READ, errors=(DatasetNotFound,))
async def get(ctx: Call, input: DatasetSlug) -> Dataset:
    """Return one dataset."""
    return await service.get(ctx.work, input)


@datasets.mutation(permission=P.DATASET_DATASET_WRITE, errors=(DatasetSlugTaken,))
async def create(ctx: Call, input: CreateDataset) -> Dataset:
    """Create a dataset without rows. Then upload a file (`POST /v1/datasets/{slug}/files`), append rows, or take them from elsewhere."""
    return await service.create(ctx.work, input)


@datasets.query(permission=P.DATASET_DATASET_READ, errors=(DatasetNotFound,))
async def waiting(ctx: Call, input: DatasetSlug) -> list[Upload]:
    """Return the uploaded files that wait for their seal, each with a guess and questions for its columns."""
    return await uploads.list_uploads(ctx.work, input)


@datasets.mutation(permission=P.DATASET_DATASET_WRITE, errors=(UploadNotFound, DatasetNotFound))
async def discard_upload(ctx: Call, input: UploadRef) -> list[Upload]:
    """Remove an uploaded file. Returns those that still wait."""
    return await uploads.discard(ctx.work, input)


@datasets.mutation(permission=P.DATASET_DATASET_WRITE, errors=(UploadNotFound, VersionNotFound, DatasetNotFound, WrongKind, ColumnsUnclear))
async def seal_upload(ctx: Call, input: SealUpload) -> Snapshot:
    """Make a snapshot of an uploaded file, in the background. Follow `run_id`, or read the snapshot again."""
    return await uploads.seal(ctx.work, input)


@datasets.mutation(permission=P.DATASET_ROW_APPEND, errors=(DatasetNotFound, WrongKind, KeyReused), audited=False)
async def append(ctx: Call, input: AppendRows) -> AppendReceipt:
    """Append rows to a decision log. The same key with the same values is no second row."""
    return await rows.append(ctx.work, input)


@datasets.mutation(permission=P.DATASET_DATASET_WRITE, errors=(DatasetNotFound, WrongKind, ColumnsUnclear))
async def seal_rows(ctx: Call, input: SealRows) -> Snapshot:
    """Make a snapshot of all rows that a decision log has now, in the background."""
    return await rows.seal(ctx.work, input)


@datasets.mutation(permission=P.DATASET_DATASET_WRITE, errors=(DatasetNotFound, WrongKind, SnapshotNotFound, SnapshotNotReady, ColumnsUnclear))
async def derive(ctx: Call, input: Derive) -> Snapshot:
    """Make a snapshot of some rows of another one, in the background."""
    return await rows.derive(ctx.work, input)


@datasets.mutation(permission=P.DATASET_DATASET_WRITE, errors=(DatasetNotFound, WrongKind, GroupNotFound, ColumnsUnclear))
async def from_group(ctx: Call, input: FromLog) -> Snapshot:
    """Make a snapshot of a group's inference log with its outcomes, in the background. Rows of archived weeks are included."""
    return await from_log.ask(ctx.work, input)


@datasets.query(permission=P.DATASET_DATASET_READ, errors=(DatasetNotFound,))
async def snapshots(ctx: Call, input: ListSnapshots) -> list[Snapshot]:
    """Return a dataset's snapshots, newest first."""
    return await service.list_snapshots(ctx.work, input)


@datasets.query(permission=P.DATASET_DATASET_READ, errors=(SnapshotNotFound,))
async def snapshot(ctx: Call, input: SnapshotRef) -> Snapshot:
    """Return one snapshot: its state, columns, hash, and the problems of a failed one."""
    return await service.get_snapshot(ctx.work, input.snapshot_id)


@datasets.query(permission=P.DATASET_ROW_READ, errors=(SnapshotNotFound, SnapshotNotReady))
async def quality(ctx: Call, input: SnapshotRef) -> Quality:
    """Return the quality summary of a snapshot: missing, distinct, duplicates, histograms, prevalence, suspects of leakage."""
    return await service.quality(ctx.work, input)


@datasets.query(permission=P.DATASET_ROW_READ, errors=(SnapshotNotFound, SnapshotNotReady))
async def preview(ctx: Call, input: SnapshotRef) -> Preview:
    """Return the first rows of a snapshot. The read is recorded."""
    return await service.preview(ctx.work, input)


@datasets.mutation(permission=P.DATASET_DATASET_MANAGE, errors=(DatasetNotFound,))
async def set_retention(ctx: Call, input: SetDatasetRetention) -> Dataset:
    """Keep snapshots and appended rows for this number of days, or forever. Their hashes and counts stay."""
    return await service.set_retention(ctx.work, input)


@datasets.mutation(permission=P.DATASET_DATASET_MANAGE, errors=(DatasetNotFound,))
async def set_legal_hold(ctx: Call, input: SetDatasetHold) -> Dataset:
    """Set a legal hold with a reason; without one, lift it."""
    return await service.set_legal_hold(ctx.work, input)


@datasets.mutation(
    permission=P.DATASET_ENTITY_ERASE,
    errors=(DatasetNotFound, ErasureNotConfirmed, DatasetHeld, UnreadableData, DataTooCostly, FileLost, FileAltered, FilesAway),
)
async def erase_entity(ctx: Call, input: EraseFromDataset) -> DatasetErasure:
    """Remove an entity's rows from every snapshot and from the appended rows. This cannot be undone."""
    return await erasure.erase(ctx.work, input)
