"""Tiny models of every shape LightGBM makes, trained on the spot."""

from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHAPES: dict[str, dict[str, Any]] = {
    "binary": {"objective": "binary"},
    "binary with another sigmoid": {"objective": "binary", "sigmoid": 2.5},
    "cross entropy": {"objective": "cross_entropy"},
    "cross entropy lambda": {"objective": "cross_entropy_lambda"},
    "regression": {"objective": "regression"},
    "regression of a square root": {"objective": "regression", "reg_sqrt": True},
    "poisson": {"objective": "poisson"},
    "averaged forest": {"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
    "dart": {"objective": "binary", "boosting": "dart"},
    "zero as missing": {"objective": "binary", "zero_as_missing": True},
    "no missing values": {"objective": "binary", "use_missing": False},
    "one leaf": {"objective": "binary", "min_data_in_leaf": 390},
}


def table(rows: int = 400, features: int = 5, seed: int = 0) -> Floats:
    """Rows with missing values, exact zeros, and a last column of 40 categories."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, features))
    matrix[:, -1] = rng.integers(0, 40, rows)
    matrix[rng.random(matrix.shape) < 0.1] = np.nan
    matrix[rng.random(matrix.shape) < 0.1] = 0.0
    return matrix


def target(matrix: Floats) -> Floats:
    """A yes or no that depends on interactions and on the category."""
    filled = np.nan_to_num(matrix)
    return (filled[:, 0] * filled[:, 1] + filled[:, 2] + (filled[:, -1].astype(int) % 3 == 0) > 0.4).astype(np.float64)


def train(rounds: int = 8, features: int = 5, categorical: bool = True, rows: int = 400, **parameters: Any) -> lgb.Booster:
    """A booster on `table`."""
    matrix = table(rows, features)
    settings = {"verbose": -1, "num_leaves": 9, "min_data_in_leaf": 5, "num_threads": 1, "seed": 3, "min_data_per_group": 5, "cat_smooth": 1.0} | parameters
    names = [f"x{i}" for i in range(features)]
    data = lgb.Dataset(matrix, target(matrix), feature_name=names, categorical_feature=[features - 1] if categorical else [], params=settings)
    return lgb.train(settings, data, rounds)
