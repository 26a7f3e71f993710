"""The point at which a reader of live events may continue."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A tenant's stored events: `newest` is the last number given, `oldest` the first number still stored (None without any)."""

    newest: int
    oldest: int | None


def resume_after(said: str | None, span: Span) -> int | None:
    """Return the number to continue after, from the client's last id; None without one, or when later events are no longer stored.

    >>> resume_after("7", Span(newest=9, oldest=8)), resume_after("6", Span(newest=9, oldest=8)), resume_after("9", Span(newest=9, oldest=None))
    (7, None, 9)
    >>> resume_after("10", Span(newest=9, oldest=1)), resume_after("start", Span(newest=9, oldest=1))
    (None, None)
    """
    if said is None or not (said.isascii() and said.isdecimal()) or len(said) > 18:
        return None
    after = int(said)
    kept = after == span.newest or (span.oldest is not None and span.oldest - 1 <= after < span.newest)
    return after if kept else None
