"""Two credit scorings, really trained: v1.2 (the champion) and v1.3 (the challenger, which knows more months).

Of the 10 000 training clients 7 000 are learned from, 1 000 are watched while learning, and 2 000 are held out for the figures in the document. The same
seed gives the same bytes.
"""

from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from demo.dataset import INPUTS, SEED, Clients, Floats

MODEL = {"name": "Credit Scoring", "slug": "credit_scoring", "description": "The chance that a credit card client defaults next month."}
THRESHOLD = 0.3
LEARNED, WATCHED = 7_000, 1_000
SHARED = {
    "objective": "binary", "metric": "binary_logloss", "min_data_in_leaf": 40, "seed": SEED, "deterministic": True, "force_row_wise": True, "num_threads": 1,
    "verbose": -1,
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """What a version is made from."""

    version: str
    summary: str
    features: tuple[str, ...]
    rounds: int
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Trained:
    """A version: the LightGBM text to serve, and what its document tells of it."""

    recipe: Recipe
    artifact: bytes
    learned: Clients
    held_out: Clients
    scores: Floats
    """The held-out clients' predicted probabilities, shape (2 000,)."""
    gain: Floats
    """Each feature's share of the total split gain."""
    curve: dict[str, list[float]]
    """Log loss by round, on the learned and the watched clients."""


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
    """Fit one version. About a second on one core."""
    learned, watched, held_out = (Clients(part) for part in np.split(clients.rows, [LEARNED, LEARNED + WATCHED]))
    fitted = lightgbm.Dataset(learned.matrix(recipe.features), learned.defaulted, feature_name=list(recipe.features))
    seen = lightgbm.Dataset(watched.matrix(recipe.features), watched.defaulted, reference=fitted)
    history: dict[str, dict[str, list[float]]] = {}
    booster = lightgbm.train(
        SHARED | recipe.parameters, fitted, recipe.rounds, [fitted, seen], ["train", "validation"], callbacks=[lightgbm.record_evaluation(history)]
    )
    gain = np.asarray(booster.feature_importance("gain"), dtype=np.float64)
    return Trained(
        recipe=recipe,
        artifact=booster.model_to_string().encode(),
        learned=learned,
        held_out=held_out,
        scores=np.asarray(booster.predict(held_out.matrix(recipe.features)), dtype=np.float64),
        gain=gain / gain.sum(),
        curve={split: [round(float(value), 6) for value in history[split]["binary_logloss"]] for split in ("train", "validation")},
    )
