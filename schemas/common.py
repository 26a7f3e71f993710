"""The base of every shape, and the common types."""

from typing import Annotated, Any, Generic, TypeVar

import msgspec

T = TypeVar("T")

Json = Any
"""Any JSON value."""

Slug = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,62}$(?!\n)", description="Lower-case letters, digits and underscores.")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)", description="No control characters, such as new lines.")]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
Threshold = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12, description="In the score's own scale: from 0 to 1 for probabilities.")]
SAFE = 2**53 - 1
"""The largest integer that JavaScript holds exactly. An `int` of a shape must stay within it in both directions, or the value is refused."""
BIG = "big"
"""Marks a BigInt."""
BigInt = Annotated[int, msgspec.Meta(extra={BIG: True}, extra_json_schema={"format": "int64"})]
"""A 64-bit integer, which can exceed 2^53: in procedures always a string, `"42"` like `"9007199254740993"`."""
Whole = Annotated[int, msgspec.Meta(ge=-SAFE, le=SAFE)]
PageSize = Annotated[int, msgspec.Meta(ge=1, le=500)]


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A closed, immutable object: an undeclared field is refused."""


class Page(Shape, Generic[T], frozen=True, kw_only=True):
    """One page of a list. `next_cursor` is absent on the last page."""

    items: list[T]
    next_cursor: str | None = None


class Interval(Shape, frozen=True, kw_only=True):
    """A two-sided confidence interval; `level` is its coverage (0.95)."""

    low: float
    high: float
    level: float = 0.95


class Issue(Shape, frozen=True, kw_only=True):
    """One problem of an input: its place (a JSON Pointer, RFC 6901) and a message."""

    pointer: str
    message: str


class Empty(Shape, frozen=True, kw_only=True):
    """No fields."""
