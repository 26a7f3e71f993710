"""Tiny XGBoost models of every kind that is served, trained on the spot."""

from typing import Any

import numpy as np
import xgboost as xgb

from tests.backend.numerics.models import Floats, table, target

KINDS: dict[str, dict[str, Any]] = {
    "binary": {"objective": "binary:logistic"},
    "logistic regression": {"objective": "reg:logistic"},
    "raw log-odds": {"objective": "binary:logitraw"},
    "hinge": {"objective": "binary:hinge"},
    "regression": {"objective": "reg:squarederror"},
    "absolute error": {"objective": "reg:absoluteerror"},
    "pseudo-Huber": {"objective": "reg:pseudohubererror"},
    "squared log": {"objective": "reg:squaredlogerror"},
    "quantile": {"objective": "reg:quantileerror", "quantile_alpha": 0.3},
    "poisson": {"objective": "count:poisson"},
    "gamma": {"objective": "reg:gamma"},
    "tweedie": {"objective": "reg:tweedie"},
    "cox": {"objective": "survival:cox"},
    "ranking": {"objective": "rank:pairwise"},
    "dropped trees": {"objective": "binary:logistic", "booster": "dart", "rate_drop": 0.4},
    "pruned": {"objective": "binary:logistic", "tree_method": "exact", "gamma": 1.0},
    "leaf by leaf": {"objective": "binary:logistic", "grow_policy": "lossguide", "max_leaves": 9, "max_depth": 0},
    "forest": {"objective": "binary:logistic", "num_parallel_tree": 4, "subsample": 0.6},
    "one leaf": {"objective": "binary:logistic", "min_child_weight": 1e6},
    "a base score": {"objective": "binary:logistic", "base_score": 0.2},
}


def train_xgboost(rounds: int = 8, features: int = 5, rows: int = 400, named: bool = True, **parameters: Any) -> xgb.Booster:
    """A booster on `table`, missing values included."""
    matrix = table(rows, features)
    label = target(matrix) + (0.5 if parameters.get("objective") == "reg:gamma" else 0.0)
    data = xgb.DMatrix(matrix, label=label, feature_names=[f"x{i}" for i in range(features)] if named else None)
    if parameters.get("objective", "").startswith("rank:"):
        data.set_group([rows // 4] * 4)
    return xgb.train({"max_depth": 4, "nthread": 1, "seed": 3} | parameters, data, rounds)


def saved(booster: xgb.Booster, form: str = "ubj") -> bytes:
    """The model's bytes, as `save_model` writes them."""
    return bytes(booster.save_raw(form))


def answered(booster: xgb.Booster, rows: Floats, **what: bool) -> Floats:
    """What XGBoost itself says."""
    return np.asarray(booster.predict(xgb.DMatrix(rows), validate_features=False, **what), dtype=np.float64)
