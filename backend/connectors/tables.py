"""Rows of connectors, sealed keys, uses, and canaries of key-encryption keys."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, TenantOwned


class ConnectorRow(TenantOwned, Base):
    """A connector without its key."""

    __tablename__ = "connectors"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    provider: Mapped[str]
    base_url: Mapped[str]
    last4: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    rotated_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    last_test: Mapped[dict[str, Any] | None]


class SecretRow(TenantOwned, Base):
    """One sealed field of a connector."""

    __tablename__ = "connector_secrets"

    connector_id: Mapped[UUID] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    kek_version: Mapped[int]
    wrapped_key: Mapped[bytes]
    ciphertext: Mapped[bytes]


class UseRow(TenantOwned, Base):
    """A use of a connector."""

    __tablename__ = "connector_uses"

    connector_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class CanaryRow(Base):
    """A known text, sealed by a key-encryption key when that was first seen. It distinguishes a wrong key from the right one."""

    __tablename__ = "vault_canaries"

    kek_version: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
