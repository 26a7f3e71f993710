"""How long a span of time one tally is of: five minutes while rows are young, an hour after three hours, a day after three days."""

HOUR, DAY = 3_600, 86_400
AGES = ((3 * DAY, DAY), (3 * HOUR, HOUR))
"""From which age of a span's end on, in seconds, it becomes part of one so long."""


def span_of(slot: int, seconds: int, now: float) -> tuple[int, int]:
    """The start and length of the span that a tally of `seconds` from `slot` (seconds since 1970) belongs to by now.

    >>> span_of(7_200, 300, 7_500), span_of(7_200, 300, 7_200 + 5 * HOUR), span_of(7_200, 300, 10 * DAY)
    ((7200, 300), (7200, 3600), (0, 86400))
    """
    for age, length in AGES:
        start = slot - slot % length
        if length > seconds and start + length + age <= now:
            return start, length
    return slot, seconds
