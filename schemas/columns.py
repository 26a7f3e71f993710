"""The columns of a dataset's snapshot."""

from typing import Literal

from schemas.common import Name, Shape

ColumnType = Literal["number", "integer", "boolean", "category", "text", "timestamp"]
ColumnRole = Literal["feature", "target", "weight", "entity", "segment", "protected", "timestamp", "ignore"]


class Column(Shape, frozen=True, kw_only=True):
    """One column. `categories` lists the levels of a category column, in the order of their codes."""

    name: Name
    type: ColumnType
    role: ColumnRole = "feature"
    categories: list[str] = []
