"""A tree ensemble as arrays, in LightGBM's own conventions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Words = NDArray[np.uint32]

CATEGORICAL = 1
"""Bit 0 of a decision: the threshold is the number of a category set, not a value."""
DEFAULT_LEFT = 2
"""Bit 1 of a decision: a missing value goes left."""
MISSING_NONE, MISSING_ZERO, MISSING_NAN = 0, 1, 2
"""Bits 2 and 3: what counts as missing. Under `none` a NaN is read as 0; under `zero` both NaN and 0 are missing."""
ZERO = float(np.float32(1e-35))
"""A value at most this far from 0 counts as 0."""


@dataclass(frozen=True)
class Tree:
    """One tree of L leaves and L-1 inner nodes; arrays are by node or by leaf.

    A child below 0 is leaf `-child - 1`. `threshold` of a categorical node is an index into `category_starts`, whose spans of `category_bits` are the bit
    sets that go left. `linear` leaves add a linear function of the row to `leaf_value`.
    """

    feature: Ints
    threshold: Floats
    decision: Ints
    left: Ints
    right: Ints
    leaf_value: Floats
    leaf_count: Floats
    node_count: Floats
    category_starts: Ints
    category_bits: Words
    linear: bool = False

    @property
    def leaves(self) -> int:
        """Return the number of leaves; 1 for a constant."""
        return len(self.leaf_value)

    def cover(self, child: int) -> float:
        """Return the number of training rows that reached an inner node (>= 0) or a leaf (< 0)."""
        return float(self.node_count[child] if child >= 0 else self.leaf_count[-child - 1])


def as_given(matrix: Floats) -> Floats:
    """Return rows unchanged, for comparisons in double precision."""
    return matrix


def near_zero_is_zero(matrix: Floats) -> Floats:
    """Return rows as LightGBM reads them: before any comparison, a value within `ZERO` of zero becomes zero."""
    return np.where(np.abs(matrix) <= ZERO, 0.0, matrix)


def in_single(matrix: Floats) -> Floats:
    """Return rows rounded to float32 first."""
    with np.errstate(over="ignore"):  # past float32 is infinite, as in C
        return matrix.astype(np.float32).astype(np.float64)


@dataclass(frozen=True)
class Forest:
    """A forest: the trees' outputs are added to `start` and multiplied by `scale` (1, or 1/trees for an average).

    `objective` is the training objective with its parameters, as the file has it (`binary sigmoid:1`). `read` turns rows [n, f] into the form in which the
    trees compare them, each feature by itself. For LightGBM, `infos` are the training values, one text per feature. `category_lists` are the values of each
    pandas category in the order of its codes.
    """

    trees: tuple[Tree, ...]
    features: list[str]
    objective: str
    outputs: int = 1
    scale: float = 1.0
    parameters: dict[str, str] = field(default_factory=dict)
    start: float = 0.0
    read: Callable[[Floats], Floats] = as_given
    infos: tuple[str, ...] = ()
    category_lists: tuple[tuple[Any, ...], ...] = ()

    @property
    def linear(self) -> bool:
        """Return whether any tree has linear leaves."""
        return any(tree.linear for tree in self.trees)

    @property
    def takes_missing(self) -> list[str]:
        """Return the features with a split that states where a missing value goes."""
        found: set[int] = set()
        for tree in self.trees:
            found |= set(tree.feature[(tree.decision >> 2) & 3 != MISSING_NONE].tolist())
        return [name for at, name in enumerate(self.features) if at in found]

    @property
    def covered(self) -> bool:
        """Return whether every tree has covers, the counts that path-dependent explanations need."""
        return all(tree.leaves == 1 or (tree.node_count.min() > 0 and tree.leaf_count.min() >= 0) for tree in self.trees)
