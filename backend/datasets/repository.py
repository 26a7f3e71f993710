"""Datasets: all SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.datasets.tables import AppendedRow, DatasetTable, SnapshotTable, UploadTable


async def datasets(session: AsyncSession, tenant_id: UUID) -> Sequence[DatasetTable]:
    """Return all datasets, by name."""
    return (await session.execute(select(DatasetTable).where(DatasetTable.tenant_id == tenant_id).order_by(func.lower(DatasetTable.name)))).scalars().all()


async def dataset(session: AsyncSession, tenant_id: UUID, slug: str, lock: bool = False) -> DatasetTable | None:
    """Return one dataset by its slug."""
    query = select(DatasetTable).where(DatasetTable.tenant_id == tenant_id, DatasetTable.slug == slug)
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def dataset_by_id(session: AsyncSession, tenant_id: UUID, dataset_id: UUID) -> DatasetTable:
    """Return the dataset of a snapshot or an upload."""
    return (await session.execute(select(DatasetTable).where(DatasetTable.tenant_id == tenant_id, DatasetTable.id == dataset_id))).scalar_one()


async def snapshots(session: AsyncSession, tenant_id: UUID, dataset_id: UUID, limit: int) -> Sequence[SnapshotTable]:
    """Return a dataset's snapshots, newest first."""
    mine = select(SnapshotTable).where(SnapshotTable.tenant_id == tenant_id, SnapshotTable.dataset_id == dataset_id)
    return (await session.execute(mine.order_by(SnapshotTable.number.desc()).limit(limit))).scalars().all()


async def newest(session: AsyncSession, tenant_id: UUID) -> dict[UUID, SnapshotTable]:
    """Return each dataset's newest snapshot."""
    query = select(SnapshotTable).where(SnapshotTable.tenant_id == tenant_id).ext(distinct_on(SnapshotTable.dataset_id))
    found = (await session.execute(query.order_by(SnapshotTable.dataset_id, SnapshotTable.number.desc()))).scalars()
    return {row.dataset_id: row for row in found}


async def counts(session: AsyncSession, tenant_id: UUID) -> dict[UUID, int]:
    """Return each dataset's number of snapshots. Numbers are given in order and never again."""
    query = select(SnapshotTable.dataset_id, func.count()).where(SnapshotTable.tenant_id == tenant_id).group_by(SnapshotTable.dataset_id)
    return dict((await session.execute(query)).all())


async def snapshot(session: AsyncSession, tenant_id: UUID, snapshot_id: UUID, lock: bool = False) -> SnapshotTable | None:
    """Return one snapshot."""
    query = select(SnapshotTable).where(SnapshotTable.tenant_id == tenant_id, SnapshotTable.id == snapshot_id)
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def uploads(session: AsyncSession, tenant_id: UUID, dataset_id: UUID) -> Sequence[UploadTable]:
    """Return a dataset's uploads that wait for their seal, newest first."""
    mine = select(UploadTable).where(UploadTable.tenant_id == tenant_id, UploadTable.dataset_id == dataset_id, UploadTable.sealed_at.is_(None))
    return (await session.execute(mine.order_by(UploadTable.created_at.desc()))).scalars().all()


async def upload(session: AsyncSession, tenant_id: UUID, upload_id: UUID, lock: bool = False) -> UploadTable | None:
    """Return one upload."""
    query = select(UploadTable).where(UploadTable.tenant_id == tenant_id, UploadTable.id == upload_id)
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def remove_upload(session: AsyncSession, tenant_id: UUID, upload_id: UUID) -> None:
    """Delete an upload's row."""
    await session.execute(delete(UploadTable).where(UploadTable.tenant_id == tenant_id, UploadTable.id == upload_id))


async def expired_uploads(session: AsyncSession, tenant_id: UUID, now: datetime) -> Sequence[UploadTable]:
    """Return the uploads past their time."""
    return (await session.execute(select(UploadTable).where(UploadTable.tenant_id == tenant_id, UploadTable.expires_at < now))).scalars().all()


async def append(session: AsyncSession, values: list[dict[str, Any]]) -> set[str]:
    """Insert rows whose key is new. Return the keys inserted."""
    statement = insert(AppendedRow).values(values).on_conflict_do_nothing(constraint="dataset_rows_key_key").returning(AppendedRow.key)
    return set((await session.execute(statement)).scalars())


async def rows_by_key(session: AsyncSession, tenant_id: UUID, dataset_id: UUID, keys: list[str]) -> dict[str, dict[str, Any]]:
    """Return the values of appended rows, by key."""
    query = select(AppendedRow.key, AppendedRow.values).where(AppendedRow.tenant_id == tenant_id, AppendedRow.dataset_id == dataset_id)
    return dict((await session.execute(query.where(AppendedRow.key.in_(keys)))).all())


async def rows_after(session: AsyncSession, tenant_id: UUID, dataset_id: UUID, after: int, until: int, limit: int) -> Sequence[tuple[int, dict[str, Any]]]:
    """Return a page of appended rows in their order: (id, values)."""
    mine = select(AppendedRow.id, AppendedRow.values).where(AppendedRow.tenant_id == tenant_id, AppendedRow.dataset_id == dataset_id)
    return (await session.execute(mine.where(AppendedRow.id > after, AppendedRow.id <= until).order_by(AppendedRow.id).limit(limit))).all()


async def last_row(session: AsyncSession, tenant_id: UUID, dataset_id: UUID) -> int:
    """Return the highest id of a decision log's rows; 0 without rows."""
    query = select(func.coalesce(func.max(AppendedRow.id), 0)).where(AppendedRow.tenant_id == tenant_id, AppendedRow.dataset_id == dataset_id)
    return int((await session.execute(query)).scalar_one())


async def waiting(session: AsyncSession, tenant_id: UUID) -> dict[UUID, int]:
    """Return the number of rows of each decision log that no snapshot holds yet."""
    query = text(
        "SELECT r.dataset_id, count(*) FROM dataset_rows r WHERE r.tenant_id = :tenant AND r.id > coalesce((SELECT max((s.source ->> 'last_row')::bigint) "
        "FROM dataset_snapshots s WHERE s.dataset_id = r.dataset_id AND s.state IN ('ready', 'preparing')), 0) GROUP BY 1"
    )
    return dict((await session.execute(query, {"tenant": tenant_id})).all())


async def erase_rows(session: AsyncSession, tenant_id: UUID, dataset_id: UUID, fields: list[str], entity_key: str) -> int:
    """Delete the appended rows in which one of the fields has this text. Return their number."""
    statement = text(
        "DELETE FROM dataset_rows WHERE tenant_id = :tenant AND dataset_id = :dataset AND "
        'EXISTS (SELECT FROM unnest(CAST(:fields AS text[])) AS field WHERE "values" ->> field = :entity) RETURNING id'
    )
    given = {"tenant": tenant_id, "dataset": dataset_id, "fields": fields, "entity": entity_key}
    return len((await session.execute(statement, given)).all())


async def ready_before(session: AsyncSession, tenant_id: UUID, now: datetime) -> Sequence[tuple[SnapshotTable, DatasetTable]]:
    """Return the ready snapshots past their dataset's retention, without a legal hold: (snapshot, dataset)."""
    query = (
        select(SnapshotTable, DatasetTable)
        .join(DatasetTable, DatasetTable.id == SnapshotTable.dataset_id)
        .where(DatasetTable.tenant_id == tenant_id, DatasetTable.legal_hold.is_(None), SnapshotTable.state == "ready")
        .where(text("dataset_snapshots.created_at < CAST(:now AS timestamptz) - make_interval(days => datasets.retention_days)").bindparams(now=now))
    )
    return (await session.execute(query)).all()


async def remove_rows_before(session: AsyncSession, tenant_id: UUID, now: datetime) -> int:
    """Delete appended rows past their dataset's retention, without a legal hold. Return their number."""
    statement = text(
        "DELETE FROM dataset_rows r USING datasets d WHERE d.id = r.dataset_id AND d.tenant_id = :tenant AND d.legal_hold IS NULL "
        "AND r.received_at < CAST(:now AS timestamptz) - make_interval(days => d.retention_days) RETURNING r.id"
    )
    return len((await session.execute(statement, {"tenant": tenant_id, "now": now})).all())
