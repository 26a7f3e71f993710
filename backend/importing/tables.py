"""Drafts, remembered mappings, and what a version's document came from, as rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, TenantOwned


class DraftRow(TenantOwned, Base):
    """A file that was understood and is not committed yet. Its document is made anew from the bytes whenever it is looked at."""

    __tablename__ = "import_drafts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    file_name: Mapped[str]
    sha256: Mapped[str]
    content: Mapped[bytes]
    state: Mapped[dict[str, Any]]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class MappingRow(TenantOwned, Base):
    """The mapping for the files of one shape. At most one of a shape is not revoked."""

    __tablename__ = "mappings"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    rules: Mapped[list[Any]]
    mapped_by: Mapped[str]
    format: Mapped[str | None]
    file_name: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    times_used: Mapped[int]
    last_used_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    decisions: Mapped[list[Any]]
    """What a person decided about contradictions of files of the shape; taken again only where the same one arises."""


class SharingRow(Base):
    """What a tenant shows to language models when it imports; at most one row a tenant."""

    __tablename__ = "import_sharing"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    shows: Mapped[str]
    short_words: Mapped[bool]
    stricter: Mapped[dict[str, Any]]
    agreed_by: Mapped[str | None]
    agreed_at: Mapped[datetime | None]


class ImportRow(TenantOwned, Base):
    """What a version's document came from: the bytes, and how they were understood when it was committed."""

    __tablename__ = "imports"

    version_id: Mapped[UUID] = mapped_column(primary_key=True)
    file_name: Mapped[str]
    sha256: Mapped[str]
    content: Mapped[bytes]
    mapping_id: Mapped[UUID | None]
    record: Mapped[dict[str, Any]]
    imported_by: Mapped[str]
    imported_at: Mapped[datetime]
