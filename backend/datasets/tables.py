"""Rows of datasets, uploads, snapshots, and appended rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, TenantOwned


class DatasetTable(TenantOwned, Base):
    """A dataset."""

    __tablename__ = "datasets"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    retention_days: Mapped[int | None]
    legal_hold: Mapped[str | None]


class UploadTable(TenantOwned, Base):
    """An uploaded file that waits for its seal. The bytes are in the hub's files."""

    __tablename__ = "dataset_uploads"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset_id: Mapped[UUID]
    file_name: Mapped[str]
    sha256: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    format: Mapped[str]
    delimiter: Mapped[str | None]
    columns: Mapped[list[Any]]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    expires_at: Mapped[datetime]
    sealed_at: Mapped[datetime | None]


class SnapshotTable(TenantOwned, Base):
    """A snapshot. `choices` are the columns asked for; `columns` those it has."""

    __tablename__ = "dataset_snapshots"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset_id: Mapped[UUID]
    number: Mapped[int]
    state: Mapped[str]
    source: Mapped[dict[str, Any]]
    choices: Mapped[list[Any]]
    columns: Mapped[list[Any]]
    rows: Mapped[int | None] = mapped_column(BigInteger)
    content_hash: Mapped[str | None]
    file_sha256: Mapped[str | None]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    time_from: Mapped[datetime | None]
    time_to: Mapped[datetime | None]
    quality: Mapped[dict[str, Any] | None]
    preview: Mapped[dict[str, Any] | None]
    message: Mapped[str | None]
    issues: Mapped[list[Any]]
    issue_count: Mapped[int] = mapped_column(BigInteger)
    erasures: Mapped[list[Any]]
    run_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]


class AppendedRow(TenantOwned, Base):
    """One row of a decision log."""

    __tablename__ = "dataset_rows"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    dataset_id: Mapped[UUID]
    key: Mapped[str]
    values: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    received_by: Mapped[str]
