"""Arrays of an XGBoost file, read strictly."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.numerics.trees.forest import Ints
from backend.numerics.trees.lightgbm_fields import MalformedTrees


def numbers(said: Any, name: str) -> NDArray[np.float64]:
    """Return an array of numbers from JSON or UBJSON."""
    if isinstance(said, np.ndarray):
        return said.astype(np.float64)
    if isinstance(said, list) and all(type(item) in (int, float) for item in said):
        try:
            return np.array(said, dtype=np.float64)
        except OverflowError:
            raise MalformedTrees(f"`{name}` has a number too large to be one.") from None
    raise MalformedTrees(f"`{name}` must be numbers.")


def wholes(said: Any, name: str, low: int, high: int) -> Ints:
    """Return an array of whole numbers from `low` up to, but without, `high`."""
    found = numbers(said, name)
    if np.any(found != np.floor(found)) or np.any((found < low) | (found >= high)):
        raise MalformedTrees(f"`{name}` must be whole numbers from {low} to {high} (exclusive).")
    return found.astype(np.int64)
