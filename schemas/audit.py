"""The audit log: append-only, a hash chain for each tenant."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.common import Json, PageSize, Shape


class AuditEntry(Shape, frozen=True, kw_only=True):
    """One change. `hash` covers every field here but itself, over RFC 8785 canonical bytes, `prev_hash` included."""

    seq: int
    at: datetime
    actor: str
    actor_id: UUID | None
    action: str
    subject: str
    before: Json
    after: Json
    prev_hash: str
    hash: str


class ListAudit(Shape, frozen=True, kw_only=True):
    """The newest entries first; `subject` and `action` narrow by prefix."""

    subject: str | None = None
    action: str | None = None
    cursor: str | None = None
    limit: PageSize = 50


class VerifyAudit(Shape, frozen=True, kw_only=True):
    """A span of the chain to recompute; absent means its whole length."""

    from_seq: Annotated[int, msgspec.Meta(ge=1)] | None = None
    to_seq: Annotated[int, msgspec.Meta(ge=1)] | None = None


class ReanchorAudit(Shape, frozen=True, kw_only=True):
    """Accept a broken chain as it is now, for a reason that stays on record."""

    reason: Annotated[str, msgspec.Meta(min_length=10, max_length=1000)]


class AuditVerdict(Shape, frozen=True, kw_only=True):
    """What recomputing the chain found. `broken_at` is the first entry that does not fit, `missing` the gaps in the sequence.

    `end` compares the chain's end with the one noted in the data folder, up to entry `noted_seq`: `kept` when it is there, `cut` when later entries
    were taken away, `changed` when the entry or the note was replaced, `absent` when nothing was noted yet. `reanchored` lists the spans, first and last
    number, that somebody accepted as they were found.
    """

    ok: bool
    checked: int
    broken_at: int | None
    missing: list[int]
    head_hash: str | None
    end: Literal["kept", "absent", "cut", "changed"] = "absent"
    noted_seq: int | None = None
    reanchored: list[list[int]] = []
