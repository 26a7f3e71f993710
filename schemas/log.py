"""Shapes for a group's whole log: dead letters, erasure, orphans, export and import."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.common import Json, PageSize, Shape, Slug


class ListDeadLetters(Shape, frozen=True, kw_only=True):
    """A group's dead letters, oldest first."""

    slug: Slug
    limit: PageSize = 50


class DeadLetter(Shape, frozen=True, kw_only=True):
    """An entry of the intake that could not be stored, and the reason. `record` is its content; `raw` (base64, cut at 4 KiB) if it is unreadable."""

    entry_id: str
    at: datetime
    reason: str
    size_bytes: int
    record: Json
    raw: str | None


class DeadLetters(Shape, frozen=True, kw_only=True):
    """The oldest dead letters of a group, and their total."""

    total: int
    letters: list[DeadLetter]


class ReplayDeadLetters(Shape, frozen=True, kw_only=True):
    """Return dead letters to the intake: those named, or all."""

    slug: Slug
    entry_ids: list[str] | None = None


class DiscardDeadLetters(Shape, frozen=True, kw_only=True):
    """Discard dead letters permanently, for a reason in the audit log."""

    slug: Slug
    entry_ids: Annotated[list[str], msgspec.Meta(min_length=1, max_length=1000)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class LettersMoved(Shape, frozen=True, kw_only=True):
    """The number of replayed or discarded dead letters."""

    moved: int


class EraseEntity(Shape, frozen=True, kw_only=True):
    """Erase an entity from a group's log. Repeat its key in `confirm`: this cannot be undone."""

    slug: Slug
    entity_key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    confirm: str
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Erasure(Shape, frozen=True, kw_only=True):
    """The result of an erasure. `entity` is a keyed digest of the entity key, as in the audit log."""

    entity: str
    rows: int
    outcomes: int
    dead_letters: int
    archived_rows: int


class ListOrphans(Shape, frozen=True, kw_only=True):
    """Outcomes without an inference for this number of days."""

    slug: Slug
    older_than_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 7
    limit: PageSize = 50


class OrphanOutcome(Shape, frozen=True, kw_only=True):
    """An outcome without an inference."""

    inference_id: UUID | None
    correlation_id: str | None
    actual: float
    at: datetime
    received_at: datetime
    received_by: str


class Orphans(Shape, frozen=True, kw_only=True):
    """The oldest orphans, and their total."""

    total: int
    outcomes: list[OrphanOutcome]


class ExportLog(Shape, frozen=True, kw_only=True):
    """A page of a group's log in another platform's layout, oldest first; `cursor` is the `next_cursor` of the page before."""

    slug: Slug
    layout: Literal["databricks", "kserve", "sagemaker"]
    after: datetime | None = None
    before: datetime | None = None
    cursor: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 1000


class ExportedLog(Shape, frozen=True, kw_only=True):
    """Lines of JSON: one per inference, two (request and response) for kserve. `next_cursor` is absent on the last page."""

    lines: list[str]
    next_cursor: str | None


class ImportLog(Shape, frozen=True, kw_only=True):
    """Inferences of another platform, as lines of its layout. Send kserve's two events of an inference in the same call."""

    slug: Slug
    layout: Literal["databricks", "kserve", "sagemaker"]
    lines: Annotated[list[str], msgspec.Meta(min_length=1, max_length=10_000)]


class LineRefused(Shape, frozen=True, kw_only=True):
    """A line that was not imported (from 0), and the reason. Of a kserve inference with two events it is the later one."""

    line: int
    reason: str


class ImportedLog(Shape, frozen=True, kw_only=True):
    """The results of the lines: new rows, inferences that existed already, and the first hundred refusals."""

    rows: int
    known: int
    refused: list[LineRefused]
    refused_total: int
