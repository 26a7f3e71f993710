"""Drafts, remembered mappings, and sources of versions, as rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, TenantOwned


class DraftRow(TenantOwned, Base):
    """A file that was read and is not committed yet. Each look at it makes the document anew from the bytes."""

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
    """The mapping for the files of one shape. Each shape has at most one that is not revoked."""

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
    """A person's decisions about contradictions in files of the shape. They apply again only to the same contradiction."""


class SharingRow(Base):
    """A tenant's choice of what language models see in imports; at most one row per tenant."""

    __tablename__ = "import_sharing"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    shows: Mapped[str]
    short_words: Mapped[bool]
    stricter: Mapped[dict[str, Any]]
    agreed_by: Mapped[str | None]
    agreed_at: Mapped[datetime | None]


class ImportRow(TenantOwned, Base):
    """The source of a version's document: the bytes, and how they were read at the commit."""

    __tablename__ = "imports"

    version_id: Mapped[UUID] = mapped_column(primary_key=True)
    file_name: Mapped[str]
    sha256: Mapped[str]
    content: Mapped[bytes]
    mapping_id: Mapped[UUID | None]
    record: Mapped[dict[str, Any]]
    imported_by: Mapped[str]
    imported_at: Mapped[datetime]
