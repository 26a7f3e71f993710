"""Models and versions as rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, TenantOwned

PUBLISHED = ("published_versions",)
"""Views for other slices: each version with its model's names."""


class ModelRow(TenantOwned, Base):
    """A model: a name with versions."""

    __tablename__ = "models"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str]
    name: Mapped[str]
    description: Mapped[str | None]
    created_at: Mapped[datetime]


class VersionRow(TenantOwned, Base):
    """A version: document, artifact and decision rule."""

    __tablename__ = "versions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    model_id: Mapped[UUID]
    version: Mapped[str]
    state: Mapped[str]
    document: Mapped[dict[str, Any]]
    artifact: Mapped[dict[str, Any] | None]
    decision_rule: Mapped[dict[str, Any] | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
