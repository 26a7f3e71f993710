"""Computes a forest's output: walks its trees one after another, and adds in the precision of its library."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from backend.numerics.trees.forest import CATEGORICAL, DEFAULT_LEFT, MISSING_NAN, Floats, Forest


@dataclass(frozen=True)
class Walk:
    """A forest as flat arrays: children are indices of nodes, or `-leaf - 1`."""

    forest: Forest
    start: Any
    """The first summand, float32 or float64. Sums have its precision after each tree."""
    arrays: tuple[NDArray[Any], ...]

    @classmethod
    def of(cls, forest: Forest, start: "np.float32 | np.float64") -> Self:
        """Return the walk of a forest with numeric splits and NaN as the missing value (XGBoost's and ONNX's)."""
        nodes = np.cumsum([0, *(tree.leaves - 1 for tree in forest.trees)])
        leaves = np.cumsum([0, *(tree.leaves for tree in forest.trees)])
        decision = np.concatenate([tree.decision for tree in forest.trees])
        assert not np.any(decision & CATEGORICAL)
        assert np.all(decision >> 2 == MISSING_NAN)

        def children(side: str) -> NDArray[np.int32]:
            moved = [
                np.where(getattr(tree, side) >= 0, getattr(tree, side) + node, getattr(tree, side) - leaf)
                for tree, node, leaf in zip(forest.trees, nodes, leaves, strict=False)
            ]
            return np.concatenate(moved).astype(np.int32)

        roots = np.where([tree.leaves > 1 for tree in forest.trees], nodes[:-1], -leaves[:-1] - 1).astype(np.int32)
        feature = np.concatenate([tree.feature for tree in forest.trees]).astype(np.int32)
        threshold = np.concatenate([tree.threshold for tree in forest.trees])
        values = np.concatenate([tree.leaf_value for tree in forest.trees]).astype(np.asarray(start).dtype)
        both = np.stack([children("right"), children("left")], axis=1)
        return cls(forest, start, (roots, feature, threshold, (decision & DEFAULT_LEFT) > 0, both, values))

    def __call__(self, matrix: Floats) -> Floats:
        """Return the outputs [n] of rows [n, f]: the sum of `start` and all trees. Runs without the GIL on one thread."""
        from backend.numerics.trees.walking import walk  # noqa: PLC0415  heavy: numba

        out = np.full(len(matrix), self.start)
        roots, feature, threshold, nan_left, children, values = self.arrays
        walk(np.ascontiguousarray(self.forest.read(matrix)), roots, feature, threshold, nan_left, children, values, out)
        return out.astype(np.float64)
