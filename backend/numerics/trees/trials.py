"""Rows that test a forest: values at its thresholds, right beside them, and missing ones."""

import numpy as np

from backend.numerics.trees.forest import Floats, Forest

FEWEST, MOST_ROWS, STEPS = 16, 256, 200_000


def trial_rows(forest: Forest, seed: int = 11) -> Floats:
    """Return 256 rows, fewer for many trees. Each value is a threshold of its feature, or one of the threshold's float32 neighbours; one in ten is missing."""
    rng = np.random.default_rng(seed)
    rows = max(FEWEST, min(MOST_ROWS, STEPS // len(forest.trees)))
    found = rng.normal(size=(rows, len(forest.features)))
    features = np.concatenate([tree.feature for tree in forest.trees])
    thresholds = np.concatenate([tree.threshold for tree in forest.trees])
    for feature in np.unique(features).tolist():
        chosen = rng.choice(thresholds[features == feature], rows).astype(np.float32)
        toward = rng.choice(np.array([-np.inf, np.inf], dtype=np.float32), rows)
        found[:, feature] = np.where(rng.random(rows) < 0.5, chosen, np.nextafter(chosen, toward))
    found[rng.random(found.shape) < 0.1] = np.nan
    return np.where(np.isinf(found), 0.0, found)
