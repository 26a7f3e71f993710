"""The columns of a dataset's snapshot, and how values are distributed: what monitoring compares live rows with."""

from typing import Annotated, Literal, Union

import msgspec

from schemas.common import Name, Shape, Whole

ColumnType = Literal["number", "integer", "boolean", "category", "text", "timestamp"]
ColumnRole = Literal["feature", "target", "weight", "entity", "segment", "protected", "timestamp", "ignore"]


class Column(Shape, frozen=True, kw_only=True):
    """One column. `categories` lists the levels of a category column, in the order of their codes."""

    name: Name
    type: ColumnType
    role: ColumnRole = "feature"
    categories: list[str] = []


class NumberProfile(Shape, frozen=True, kw_only=True, tag_field="kind", tag="number"):
    """Counts of numbers between ascending edges. A value equal to an edge is in the bin above it. There is one count more than edges."""

    edges: list[float]
    counts: list[Whole]
    missing: Whole
    low: Annotated[float | None, msgspec.Meta(description="The least value; absent where there is none.")] = None
    high: Annotated[float | None, msgspec.Meta(description="The greatest value.")] = None


class CategoryProfile(Shape, frozen=True, kw_only=True, tag_field="kind", tag="category"):
    """Counts of levels. `other` counts values that are none of the levels."""

    levels: list[str]
    counts: list[Whole]
    missing: Whole
    other: Whole = 0


Distribution = Union[NumberProfile, CategoryProfile]  # noqa: UP007 (msgspec reads a tagged union of Structs)


class Profile(Shape, frozen=True, kw_only=True):
    """The distributions of a version's inputs and score, and the rows they are of."""

    rows: Whole
    source: Annotated[str, msgspec.Meta(description="The rows counted, in words: for example training rows.")]
    inputs: dict[str, Distribution] = {}
    score: NumberProfile | None = None
