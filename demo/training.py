"""Trains two real credit scorings: v1.2 (the champion) and v1.3 (the challenger, which knows more months).

Each served version is trained on all 10 000 training clients. The figures in its document come from five-fold cross-validation: a model that has not seen the
client scores each one. The same seed gives the same bytes.
"""

from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from demo.dataset import INPUTS, SEED, Clients, Floats

MODEL = {"name": "Credit Scoring", "slug": "credit_scoring", "description": "The chance that a credit card client defaults next month."}
THRESHOLD = 0.3
FOLDS = 5
SHARED = {
    "objective": "binary", "metric": "binary_logloss", "min_data_in_leaf": 40, "seed": SEED, "deterministic": True, "force_row_wise": True, "num_threads": 1,
    "verbose": -1,
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """The ingredients of a version."""

    version: str
    summary: str
    features: tuple[str, ...]
    rounds: int
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Trained:
    """A version: the LightGBM text to serve, and the facts for its document."""

    recipe: Recipe
    artifact: bytes
    clients: Clients
    scores: Floats
    """Each training client's probability by a model that has not seen the client, shape (10 000,)."""
    gain: Floats
    """Each feature's share of the total split gain."""
    curve: dict[str, list[float]]
    """Log loss by round, the mean over the folds, on the training part and on the held-out part."""


RECIPES = (
    Recipe(
        version="v1.2",
        summary="Scores before the month's repayment status is posted, so it knows the status of August and July, and two months of amounts.",
        features=("limit_bal", "pay_2", "pay_3", "bill_amt1", "bill_amt2", "pay_amt1", "pay_amt2"),
        rounds=80,
        parameters={"num_leaves": 12, "learning_rate": 0.06},
    ),
    Recipe(
        version="v1.3",
        summary="Scores once the month's repayment status is posted, and reads all six months of status, bills and payments.",
        features=INPUTS,
        rounds=110,
        parameters={"num_leaves": 15, "learning_rate": 0.05, "feature_fraction": 0.8},
    ),
)


def train(recipe: Recipe, clients: Clients) -> Trained:
    """Train one version. It takes a few seconds on one core."""
    parameters = SHARED | recipe.parameters
    scores, curve = cross_validate(recipe, clients)
    booster = lightgbm.train(parameters, _dataset(recipe, clients), recipe.rounds)
    gain = np.asarray(booster.feature_importance("gain"), dtype=np.float64)
    return Trained(recipe=recipe, artifact=booster.model_to_string().encode(), clients=clients, scores=scores, gain=gain / gain.sum(), curve=curve)


def cross_validate(recipe: Recipe, clients: Clients) -> tuple[Floats, dict[str, list[float]]]:
    """Return each client's score by the fold that left it out, and the mean learning curve."""
    left_out = folds(len(clients))
    splits = [(np.setdiff1d(np.arange(len(clients)), part), part) for part in left_out]
    parameters = SHARED | recipe.parameters
    found: dict[str, Any] = lightgbm.cv(parameters, _dataset(recipe, clients), recipe.rounds, folds=splits, eval_train_metric=True, return_cvbooster=True)
    scores = np.empty(len(clients))
    matrix = clients.matrix(recipe.features)
    for part, booster in zip(left_out, found["cvbooster"].boosters, strict=True):
        scores[part] = booster.predict(matrix[part])
    named = {"train": "train", "valid": "validation"}
    curve = {named[split]: [round(float(value), 6) for value in found[f"{split} binary_logloss-mean"]] for split in named}
    return scores, curve


def folds(count: int) -> list[NDArray[np.int64]]:
    """Return the rows that each fold leaves out: every row once, in the seed's order."""
    return np.array_split(np.random.default_rng(SEED).permutation(count), FOLDS)


def _dataset(recipe: Recipe, clients: Clients) -> lightgbm.Dataset:
    return lightgbm.Dataset(clients.matrix(recipe.features), clients.defaulted, feature_name=list(recipe.features))
