"""The compiled kernel that walks a forest."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.numerics.attribution.jit import compiled

Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]


@compiled
def walk(matrix: Floats, roots: Numbers, feature: Numbers, threshold: Floats, nan_left: NDArray[np.bool_], children: Numbers, values: Any, out: Any) -> None:
    """Add the value of every tree's leaf to `out` [n], in the trees' order and in the precision of `values`. `children` [nodes, 2] are right and left."""
    for row in range(len(matrix)):
        x, total = matrix[row], out[row]
        for tree in range(len(roots)):
            node = roots[tree]
            while node >= 0:
                value = x[feature[node]]
                left = (value <= threshold[node]) | ((value != value) & nan_left[node])
                node = children[node, 1 if left else 0]
            total += values[-node - 1]
        out[row] = total
