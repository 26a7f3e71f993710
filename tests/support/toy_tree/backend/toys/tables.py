"""Toys as rows."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, TenantOwned


class ToyRow(TenantOwned, Base):
    """A toy."""

    __tablename__ = "toys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    size: Mapped[int]
    weight: Mapped[int | None]
