"""Pure decisions: what one more final decision does to what is known of an application."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

Effect = Literal["applied", "duplicate", "revised"]


class ToldDecision(msgspec.Struct, frozen=True, kw_only=True):
    """One reported final decision: the decision, its author, reason and time."""

    decision: str
    by: str
    kind: str
    group: str | None = None
    reason: str | None = None
    at: datetime

    def same(self, other: "ToldDecision") -> bool:
        """Do two tell the same, whenever they were taken?"""
        return self._content() == other._content()

    def order(self) -> tuple[Any, ...]:
        """Return the later one is the final one; of two at one moment always the same one is."""
        return (self.at, *(one or "" for one in self._content()))

    def _content(self) -> tuple[str | None, ...]:
        return (self.decision, self.by, self.kind, self.group, self.reason)


def tell(known: Sequence[ToldDecision], told: ToldDecision, dated: bool) -> tuple[Sequence[ToldDecision], Effect]:
    """Take in a final decision; `known` are those told before, oldest first, and the last of them is final.

    The order by which they arrive makes no difference: the latest by its own date is final. Without a date, a repetition of the final one is a duplicate.

    >>> from datetime import UTC
    >>> first = ToldDecision(decision="approve", by="ann", kind="person", at=datetime(2026, 1, 1, tzinfo=UTC))
    >>> second = ToldDecision(decision="decline", by="bob", kind="person", at=datetime(2026, 1, 2, tzinfo=UTC))
    >>> known, effect = tell([second], first, dated=True)
    >>> effect, known[-1].decision, tell(known, first, dated=True)[1]
    ('revised', 'decline', 'duplicate')
    """
    if (dated and told in known) or (not dated and known and known[-1].same(told)):
        return known, "duplicate"
    return sorted([*known, told], key=ToldDecision.order), "revised" if known else "applied"


def details(known: Sequence[ToldDecision]) -> dict[str, Any]:
    """Return the final decision as a row keeps it, with those before it, oldest first."""
    *history, final = [msgspec.to_builtins(one) for one in known]
    said = {name: value for name, value in final.items() if name != "decision"}
    return {**said, "history": history}


def known_of(decision: str | None, kept: dict[str, Any] | None) -> Sequence[ToldDecision]:
    """Return what a row knows, as `details` wrote it."""
    if decision is None or kept is None:
        return []
    entries = [*kept["history"], {name: value for name, value in kept.items() if name != "history"} | {"decision": decision}]
    return msgspec.convert(entries, list[ToldDecision], strict=False)


def overrides(recommended: str | None, known: Sequence[ToldDecision]) -> bool:
    """Return whether the final decision differs from the recommended one. Without a recommendation nothing is overridden."""
    return bool(known) and recommended is not None and known[-1].decision != recommended
