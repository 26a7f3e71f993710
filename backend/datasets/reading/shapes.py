"""What the limited process gets and returns."""

from datetime import datetime

import msgspec

from schemas.columns import Column
from schemas.datasets import ColumnChoice, Condition, FileFormat, GuessedColumn
from schemas.datasets.quality import Preview, Quality


class DataFileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was found: its format, and a guess for each column."""

    format: FileFormat
    delimiter: str | None
    columns: list[GuessedColumn]


class Preparation(msgspec.Struct, frozen=True, kw_only=True):
    """Turn the file at `path` into the Parquet file `written` with these columns. `folder` is for spilled data; it exists."""

    path: str
    format: FileFormat
    delimiter: str | None
    choices: list[ColumnChoice]
    complete: bool
    """The choices name every column. Else the rest is guessed, and questions are answered as text."""
    written: str
    folder: str
    conditions: list[Condition] = []
    sample: float | None = None
    seed: int = 0
    without_entity: str | None = None
    """Leave out the rows of this entity."""
    threads: int = 2
    memory_mb: int = 400


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a written Parquet file."""

    columns: list[Column]
    rows: int
    content_hash: str
    size_bytes: int
    time_from: datetime | None
    time_to: datetime | None
    quality: Quality
    preview: Preview
