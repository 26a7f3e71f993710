"""Shapes of what a snapshot holds: its quality summary, and its first rows."""

from schemas.columns import ColumnRole, ColumnType
from schemas.common import Json, Shape


class Bin(Shape, frozen=True, kw_only=True):
    """One bar of a histogram; the last one includes `high`."""

    low: float
    high: float
    count: int


class Level(Shape, frozen=True, kw_only=True):
    """A value and the number of its rows."""

    value: str
    count: int


class ColumnQuality(Shape, frozen=True, kw_only=True):
    """What a column holds. `distinct` is an estimate above 1,000. Quantiles and histogram come from at most 100,000 evenly spaced rows."""

    name: str
    type: ColumnType
    role: ColumnRole
    missing: int
    distinct: int
    constant: bool
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    quantiles: list[float] = []
    """At 0.01, 0.05, 0.25, 0.5, 0.75, 0.95 and 0.99."""
    histogram: list[Bin] = []
    levels: list[Level] = []
    """The most frequent values, at most 20."""


class Prevalence(Shape, frozen=True, kw_only=True):
    """The mean of the target in a month, or the share of its rarer class where it is a category."""

    month: str
    rows: int
    mean: float


class Suspect(Shape, frozen=True, kw_only=True):
    """A column that may give the target away."""

    column: str
    reason: str
    strength: float


class Quality(Shape, frozen=True, kw_only=True):
    """The summary of a snapshot."""

    rows: int
    duplicate_rows: int
    duplicate_entities: int | None
    columns: list[ColumnQuality]
    prevalence: list[Prevalence]
    suspects: list[Suspect]
    warnings: list[str]


class Preview(Shape, frozen=True, kw_only=True):
    """The first rows, each value in the order of `columns`."""

    columns: list[str]
    rows: list[list[Json]]
