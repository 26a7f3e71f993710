"""Numbers as files write them."""

import math

_DIGITS = 400
"""A whole number of more digits than any float holds is infinite."""


def whole(digits: str) -> int | float:
    """Return a whole number; of more than 18 digits as a float, of too many infinite."""
    if len(digits) <= 18:
        return int(digits)
    return float(digits) if len(digits) <= _DIGITS else math.inf
