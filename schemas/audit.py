"""The audit log: append-only, with one hash chain per tenant."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.common import Json, PageSize, Shape


class AuditEntry(Shape, frozen=True, kw_only=True):
    """One change. `hash` covers every other field, including `prev_hash`, over RFC 8785 canonical bytes."""

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
    """The newest entries first; `subject` and `action` filter by prefix."""

    subject: str | None = None
    action: str | None = None
    cursor: str | None = None
    limit: PageSize = 50


class VerifyAudit(Shape, frozen=True, kw_only=True):
    """A span of the chain to recompute; absent means the whole chain."""

    from_seq: Annotated[int, msgspec.Meta(ge=1)] | None = None
    to_seq: Annotated[int, msgspec.Meta(ge=1)] | None = None


class ReanchorAudit(Shape, frozen=True, kw_only=True):
    """Accept a broken chain as it is now, for a recorded reason."""

    reason: Annotated[str, msgspec.Meta(min_length=10, max_length=1000)]


class AuditVerdict(Shape, frozen=True, kw_only=True):
    """The result of recomputing the chain. `broken_at` is the first entry that does not fit, `missing` the gaps in the sequence.

    `end` compares the chain's end with the one noted in the data folder, up to entry `noted_seq`. `kept`: it is there. `cut`: later entries were removed.
    `changed`: the entry or the note was replaced. `absent`: nothing is noted yet. `reanchored` lists the accepted spans, by first and last number.
    """

    ok: bool
    checked: int
    broken_at: int | None
    missing: list[int]
    head_hash: str | None
    end: Literal["kept", "absent", "cut", "changed"] = "absent"
    noted_seq: int | None = None
    reanchored: list[list[int]] = []
