"""Pure decisions: what a new truth does to what is known of an inference, and what a shadow's copy of one is called."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

LARGEST_ACTUAL = 1e12
"""A truth of a greater magnitude is refused: errors are squared, squared again and summed."""
Effect = Literal["applied", "duplicate", "corrected"]
Arrived = tuple[UUID, str | None, UUID | None]
"""A row that has just been written: its id, its correlation id, and for a shadow's the id of the answer that it is the copy of."""


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """One truth as it was told."""

    actual: float
    at: datetime
    received_at: datetime
    by: str


class KnownTruth(msgspec.Struct, frozen=True, kw_only=True):
    """What an inference's row says of the truth. `history` holds what was said before, oldest first."""

    actual: float | None = None
    at: datetime | None = None
    history: Sequence[Any] = ()


def tell(known: KnownTruth, truth: Truth, dated: bool) -> tuple[KnownTruth, Effect]:
    """Take in a truth. The same value again is a duplicate, as is the replay of an earlier one that carried the same date; another value corrects.

    >>> from datetime import UTC
    >>> day = datetime(2026, 1, 1, tzinfo=UTC)
    >>> one = Truth(actual=1.0, at=day, received_at=day, by="feed")
    >>> first, effect = tell(Known(), one, dated=False)
    >>> effect, tell(first, one, dated=False)[1], tell(first, msgspec.structs.replace(one, actual=0.0), dated=False)[1]
    ('applied', 'duplicate', 'corrected')
    """
    if known.actual is not None and known.actual == truth.actual:
        return known, "duplicate"
    if dated and any(entry["actual"] == truth.actual and _moment(entry["at"]) == truth.at for entry in known.history):
        return known, "duplicate"
    if known.actual is None:
        return KnownTruth(actual=truth.actual, at=truth.at, history=known.history), "applied"
    at = known.at.isoformat() if known.at else None
    past = {"actual": known.actual, "at": at, "replaced_at": truth.received_at.isoformat(), "replaced_by": truth.by}
    return KnownTruth(actual=truth.actual, at=truth.at, history=[*known.history, past]), "corrected"


def says_whether(actual: float) -> bool:
    """Does a truth say whether something happened, which is all that a probability can be held against?

    >>> [says_whether(said) for said in (0.0, 1.0, True, 10.0)]
    [True, True, True, False]
    """
    return actual in (0, 1)


def _moment(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None
