"""Numbers as files write them."""

import math

_DIGITS = 400
"""A whole number with more digits than this is infinite: no float holds it."""


def whole(digits: str) -> int | float:
    """Return a whole number; a float from 19 digits on, infinity for too many digits."""
    if len(digits) <= 18:
        return int(digits)
    return float(digits) if len(digits) <= _DIGITS else math.inf
