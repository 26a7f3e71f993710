"""Shapes of datasets: uploads, snapshots, quality, and appended rows."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.columns import Column, ColumnRole, ColumnType
from schemas.common import Fraction, Issue, Json, Name, PageSize, Shape, Slug

FileFormat = Literal["csv", "tsv", "jsonl", "parquet", "arrow"]
NumberFormat = Literal["plain", "decimal_comma", "thousands_comma"]
"""`plain` is 1234.5. `decimal_comma` is 1.234,5 or 1234,5. `thousands_comma` is 1,234.5."""
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
MOST_COLUMNS = 2000


class DatasetKind(StrEnum):
    """Where the rows of a dataset come from."""

    UPLOAD = "upload"
    DECISION_LOG = "decision_log"
    INFERENCE_LOG = "inference_log"
    DERIVED = "derived"


class SnapshotState(StrEnum):
    """A snapshot is prepared in the background. Only a ready one can be used."""

    PREPARING = "preparing"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


class DatasetSlug(Shape, frozen=True, kw_only=True):
    """A dataset by its slug."""

    slug: Slug


class SnapshotRef(Shape, frozen=True, kw_only=True):
    """A snapshot by its id."""

    snapshot_id: UUID


class UploadRef(Shape, frozen=True, kw_only=True):
    """An uploaded file by its id."""

    upload_id: UUID


class CreateDataset(Shape, frozen=True, kw_only=True):
    """A new dataset without rows."""

    name: Name
    slug: Slug
    kind: DatasetKind = DatasetKind.UPLOAD


class ColumnChoice(Shape, frozen=True, kw_only=True):
    """Overrules the guess for one column."""

    name: Name
    type: ColumnType
    role: ColumnRole = "feature"
    number_format: NumberFormat = "plain"


class GuessedColumn(Shape, frozen=True, kw_only=True):
    """The guess for one column, from the first rows. A `question` must be answered by a choice before the file can be sealed; a `note` need not."""

    name: str
    type: ColumnType
    role: ColumnRole = "feature"
    examples: list[str] = []
    question: str | None = None
    note: str | None = None


class Upload(Shape, frozen=True, kw_only=True):
    """An uploaded file that waits for its seal. Nothing of it is in a snapshot yet. It is removed at `expires_at`."""

    id: UUID
    slug: Slug
    file_name: str
    format: FileFormat
    delimiter: str | None
    size_bytes: int
    columns: list[GuessedColumn]
    created_at: datetime
    created_by: str
    expires_at: datetime


class SealUpload(Shape, frozen=True, kw_only=True):
    """Make a snapshot of an uploaded file. Columns without a choice have their type in the signature of `version_id`, else keep their guess."""

    upload_id: UUID
    version_id: UUID | None = None
    columns: Annotated[list[ColumnChoice], msgspec.Meta(max_length=MOST_COLUMNS)] = []


class DatasetRow(Shape, frozen=True, kw_only=True):
    """One row for a decision log. The same key again, with the same values, is no second row."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    values: dict[Name, Json]


class AppendBody(Shape, frozen=True, kw_only=True):
    """The body of `POST /v1/datasets/{slug}/rows`."""

    rows: Annotated[list[DatasetRow], msgspec.Meta(min_length=1, max_length=10_000)]


class AppendRows(Shape, frozen=True, kw_only=True):
    """Append rows to a decision log."""

    slug: Slug
    rows: Annotated[list[DatasetRow], msgspec.Meta(min_length=1, max_length=10_000)]


class AppendReceipt(Shape, frozen=True, kw_only=True):
    """The number of new rows, of rows known already, and of rows that wait for the next seal."""

    appended: int
    known: int
    waiting: int


class SealRows(Shape, frozen=True, kw_only=True):
    """Make a snapshot of all rows that a decision log has now. Columns without a choice are guessed."""

    slug: Slug
    columns: Annotated[list[ColumnChoice], msgspec.Meta(max_length=MOST_COLUMNS)] = []


class FromLog(Shape, frozen=True, kw_only=True):
    """Make a snapshot of a group's inference log with its outcomes.

    Rows: answered requests of the window with a mature outcome, of the phases given (all by default) and roles (the champion and challengers by default).
    Rows of archived weeks are included.
    Columns: each input, `outcome` (the target), `requested_at` (the timestamp), `entity_key` (the entity), `score`, `decision`, `version`, `role`, `phase`.
    """

    slug: Slug
    group: Slug
    since: datetime | None = None
    until: datetime | None = None
    phases: list[int] = []
    roles: list[Literal["champion", "challenger", "shadow"]] = []
    mature_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 0
    """Only requests at least this old. Outcomes of younger ones may still change."""
    columns: Annotated[list[ColumnChoice], msgspec.Meta(max_length=MOST_COLUMNS)] = []


class Condition(Shape, frozen=True, kw_only=True):
    """Keep rows for which this holds. `value` is absent for `missing` and `present`; a list for `in`."""

    column: Name
    test: Literal["=", "!=", "<", "<=", ">", ">=", "in", "missing", "present"]
    value: Json = None


class Derive(Shape, frozen=True, kw_only=True):
    """Make a snapshot of some rows of another snapshot. All conditions must hold; then `sample` draws a share of the rows, seeded."""

    slug: Slug
    snapshot_id: UUID
    conditions: Annotated[list[Condition], msgspec.Meta(max_length=100)] = []
    sample: Fraction | None = None
    seed: int = 0
    columns: Annotated[list[ColumnChoice], msgspec.Meta(max_length=MOST_COLUMNS)] = []


class ErasedRows(Shape, frozen=True, kw_only=True):
    """One erasure: what the snapshot was before it."""

    at: datetime
    rows: int
    content_hash_before: str
    rows_before: int


class Snapshot(Shape, frozen=True, kw_only=True):
    """Immutable rows with their schema.

    `content_hash` covers names, types and values in their order, whatever file they came from. `issues` are the first 100 problems of a failed snapshot;
    `issue_count` counts all. `erasures` list what was removed later: models trained before hold traces of these rows.
    """

    id: UUID
    slug: Slug
    number: int
    state: SnapshotState
    columns: list[Column]
    rows: int | None
    content_hash: str | None
    file_sha256: str | None
    size_bytes: int | None
    time_from: datetime | None
    time_to: datetime | None
    source: dict[str, Json]
    message: str | None
    issues: list[Issue]
    issue_count: int
    erasures: list[ErasedRows]
    run_id: UUID | None
    created_at: datetime
    created_by: str


class Dataset(Shape, frozen=True, kw_only=True):
    """A dataset with its newest snapshot. `waiting_rows` is the number of appended rows (decision logs only)."""

    id: UUID
    slug: Slug
    name: str
    kind: DatasetKind
    created_at: datetime
    created_by: str
    retention_days: int | None
    legal_hold: str | None
    snapshots: int
    newest: Snapshot | None
    waiting_rows: int


class ListSnapshots(Shape, frozen=True, kw_only=True):
    """A dataset's snapshots, newest first."""

    slug: Slug
    limit: PageSize = 50


class SetDatasetRetention(Shape, frozen=True, kw_only=True):
    """Keep snapshots and rows for this number of days, or forever."""

    slug: Slug
    days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None = None


class SetDatasetHold(Shape, frozen=True, kw_only=True):
    """Set a legal hold with its reason; without a reason, lift it."""

    slug: Slug
    reason: Reason | None = None


class EraseFromDataset(Shape, frozen=True, kw_only=True):
    """Erase an entity from a dataset. Repeat its key in `confirm`: this cannot be undone."""

    slug: Slug
    entity_key: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    confirm: str
    reason: Reason


class DatasetErasure(Shape, frozen=True, kw_only=True):
    """The number of rows removed, by snapshot and from the appended rows."""

    snapshots: int
    rows: int
    appended_rows: int
