"""Counts with nouns, for texts that people read."""


def plural(n: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun.

    >>> plural(1, "request"), plural(2_500, "request"), plural(0, "entity", "entities")
    ('1 request', '2,500 requests', '0 entities')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
