"""Pure rules: the effect of a new outcome on the known one, and the id of a shadow's copy."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

LARGEST_ACTUAL = 1e12
"""A larger magnitude is refused: errors are squared, squared again and summed."""
Effect = Literal["applied", "duplicate", "corrected"]
Arrived = tuple[UUID, str | None, UUID | None]
"""A row just written: its id, its correlation id, and for a shadow the id of the answer it copies."""


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """One reported outcome."""

    actual: float
    at: datetime
    received_at: datetime
    by: str


class KnownTruth(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome known for an inference's row. `history` holds earlier values, oldest first."""

    actual: float | None = None
    at: datetime | None = None
    history: Sequence[Any] = ()


def tell(known: KnownTruth, truth: Truth, dated: bool) -> tuple[KnownTruth, Effect]:
    """Apply an outcome. The same value again is a duplicate, and so is a replayed earlier one with the same date; another value corrects.

    >>> from datetime import UTC
    >>> day = datetime(2026, 1, 1, tzinfo=UTC)
    >>> one = Truth(actual=1.0, at=day, received_at=day, by="feed")
    >>> first, effect = tell(KnownTruth(), one, dated=False)
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
    """Return whether an outcome is 0 or 1, the only values that a probability can be judged by.

    >>> [says_whether(said) for said in (0.0, 1.0, True, 10.0)]
    [True, True, True, False]
    """
    return actual in (0, 1)


def _moment(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None
