"""Fits of scikit-learn's linear models, in steps that can be watched and stopped.

The penalty means the same for every objective: `mean loss + strength × (l1_ratio × |w|₁ + (1 - l1_ratio) / 2 × |w|²)`, where the loss is the negative
log-likelihood (logistic), half the squared error (linear) or half the deviance (Poisson).
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet, LogisticRegression, PoissonRegressor, Ridge

from backend.numerics.statistics.sketch import log_losses
from backend.tuning.presets.glm.design import Floats
from backend.tuning.presets.glm.settings import GlmSettings

Kind = Literal["binary", "regression", "poisson"]
LINKS: dict[str, Literal["logit", "identity", "log"]] = {"binary": "logit", "regression": "identity", "poisson": "log"}
STEP = 50
"""Iterations between two looks at the clock and the losses."""


@dataclass(frozen=True)
class Fit:
    """Coefficients [width], the intercept, the iterations, and whether they converged. `estimator` is scikit-learn's own."""

    coefficients: Floats
    intercept: float
    iterations: int
    converged: bool
    estimator: Any


Watch = Callable[[int, Fit], bool]
"""Takes the iterations so far and the fit so far; False ends the training."""


def fit(kind: Kind, design: Floats, target: Floats, weight: Floats, settings: GlmSettings, seed: int, watch: Watch) -> Fit:
    """Fit a design matrix [n, width] to targets [n] with weights [n]."""
    if design.shape[1] == 0:
        return Fit(np.empty(0), _constant(kind, target, weight), 0, True, None)
    estimator = _estimator(kind, settings, float(weight.sum()), seed)
    stepwise = hasattr(estimator, "warm_start")
    done = 0
    while True:
        step = min(STEP, settings.most_iterations - done) if stepwise else settings.most_iterations
        if stepwise:
            estimator.set_params(max_iter=step)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(design, target, sample_weight=weight)
        taken = int(np.max(getattr(estimator, "n_iter_", 1) or 1))
        done += taken
        found = Fit(np.ravel(estimator.coef_).astype(np.float64), float(np.ravel(estimator.intercept_)[0]), done, not stepwise or taken < step, estimator)
        if found.converged or not watch(done, found) or done >= settings.most_iterations:
            watch(done, found)
            return found


def _constant(kind: Kind, target: Floats, weight: Floats) -> float:
    """The margin of a model without inputs."""
    mean = float(np.average(target, weights=weight))
    if kind == "regression":
        return mean
    return float(np.log(mean / (1 - mean))) if kind == "binary" else float(np.log(mean))


def balanced(target: Floats, weight: Floats) -> Floats:
    """Return weights [n] under which both classes have the same total, and the whole total is as before."""
    sums = np.array([weight[target == 0].sum(), weight[target == 1].sum()])
    return np.asarray(weight * (weight.sum() / (2 * sums))[target.astype(np.int64)], dtype=np.float64)


def recalibration(margin: Floats, target: Floats) -> tuple[float, float] | None:
    """Return slope and intercept of the sigmoid of the margin that fits the targets best (Platt 1999); None where these rows cannot say.

    Rows of one class, or margins that are all the same, cannot; nor can a slope that is not above 0.
    """
    if len(np.unique(target)) < 2 or np.ptp(margin) == 0:
        return None
    scale = float(np.abs(margin).max())
    found = LogisticRegression(C=1e6, tol=1e-10, max_iter=1000).fit(margin[:, None] / scale, target)
    slope = float(found.coef_[0, 0]) / scale
    return (slope, float(found.intercept_[0])) if slope > 0 else None


def mean_loss(kind: Kind, margin: Floats, target: Floats) -> float:
    """The mean loss of margins [n]: log loss, squared error, or Poisson deviance."""
    with np.errstate(over="ignore"):
        if kind == "binary":
            return float(log_losses(target, 1 / (1 + np.exp(-margin))).mean())
        if kind == "regression":
            return float(((target - margin) ** 2).mean())
        log_target = np.log(np.where(target > 0, target, 1.0))
        return float(np.mean(2 * (target * (log_target - margin) - target + np.exp(margin))))


LOSSES: dict[str, str] = {"binary": "log_loss", "regression": "mse", "poisson": "poisson_deviance"}


def _estimator(kind: Kind, settings: GlmSettings, total: float, seed: int) -> Any:
    strength, ratio = settings.strength, settings.l1_ratio
    if kind == "binary":
        inverse = 1 / (strength * total) if strength > 0 else np.inf
        solver = "lbfgs" if ratio == 0 or strength == 0 else "saga"
        return LogisticRegression(
            C=inverse, l1_ratio=0.0 if strength == 0 else ratio, solver=solver, tol=settings.tolerance, warm_start=True, random_state=seed
        )
    if kind == "poisson":
        return PoissonRegressor(alpha=strength, tol=settings.tolerance, warm_start=True)
    if ratio == 0 or strength == 0:
        return Ridge(alpha=strength * total, solver="svd")
    return ElasticNet(alpha=strength, l1_ratio=ratio, tol=settings.tolerance, warm_start=True, random_state=seed)
