"""Links from margin to score, and from base score to first margin, as in XGBoost's objectives: in single precision."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from backend.numerics.trees.xgboost_objectives import EXPONENTIAL, HINGE, IDENTITY, LOGISTIC
from backend.runtimes.errors import RuntimeRefused
from backend.runtimes.protocol import Floats

ONE = np.float32(1)
STEEPEST, EPSILON = float(np.float32(88.7)), np.float32(1e-16)
"""XGBoost's own guards against overflow and division by zero."""


@dataclass(frozen=True)
class Objective:
    """`start` is the margin before the first tree; `link` maps margins [n] to scores. Both are float32 values as float64."""

    start: np.float32
    link: Callable[[Floats], Floats]
    plain: bool
    """Whether the margin is the score itself."""
    classifies: bool


def objective_of(name: str, base_score: np.float32) -> Objective:
    """Return an objective by its name in the model file. Raises RuntimeRefused for an unsupported one."""
    if name in LOGISTIC:
        return Objective(np.float32(-_c("logf")(float(ONE / base_score - ONE))), _each(_sigmoid), False, True)
    if name in EXPONENTIAL:
        return Objective(np.float32(_c("logf")(float(base_score))), _each(_c("expf")), False, False)
    if name in HINGE:
        return Objective(base_score, lambda margin: (margin > 0).astype(np.float64), False, True)
    if name in IDENTITY:
        return Objective(base_score, lambda margin: margin, True, False)
    raise RuntimeRefused(f"Tiltyard does not serve the objective {name[:60]!r}. Train the model with another objective.")


def _sigmoid(margin: float) -> float:
    fallen = np.float32(_c("expf")(min(-margin, STEEPEST)))
    return float(ONE / (fallen + ONE + EPSILON))


def _each(function: Callable[[float], float]) -> Callable[[Floats], Floats]:
    def link(margin: Floats) -> Floats:
        with np.errstate(over="ignore"):
            return np.array([function(value) for value in margin.tolist()], dtype=np.float32).astype(np.float64)

    return link


@cache
def _c(name: str) -> Callable[[float], float]:
    """Return the C library's function in single precision, which XGBoost calls too; numpy's vectorised one may differ in the last bit."""
    function = getattr(ctypes.CDLL(None), name)
    function.restype, function.argtypes = ctypes.c_float, [ctypes.c_float]
    return function  # type: ignore[no-any-return]
