"""Toys on the wire."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from schemas.common import Name, Shape


class MakeToy(Shape, frozen=True, kw_only=True):
    """A new toy."""

    name: Name
    size: Annotated[int, Meta(ge=1, le=1000)]


class Toy(Shape, frozen=True, kw_only=True):
    """A toy; `weight` once a worker has weighed it."""

    id: UUID
    name: str
    size: int
    weight: int | None
