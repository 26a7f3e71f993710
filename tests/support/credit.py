"""Small credit scorers for tests: trained quickly on made-up applicants, with the same bytes each time."""

from functools import cache

import numpy as np

FEATURES = ["limit_bal", "pay_1", "bill_amt1"]
WIDER = [*FEATURES, "pay_amt1"]


def applicants(rows: int, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs [rows, 4] in WIDER's order, and whether each applicant defaulted."""
    random = np.random.default_rng(seed)
    inputs = np.column_stack(
        [
            random.integers(1, 50, rows) * 10_000.0,
            random.integers(-2, 6, rows).astype(float),
            random.normal(50_000, 30_000, rows).round(),
            random.exponential(5_000, rows).round(),
        ]
    )
    logit = -1.4 + 0.7 * inputs[:, 1] - inputs[:, 0] / 400_000 - inputs[:, 3] / 20_000
    return inputs, (random.random(rows) < 1 / (1 + np.exp(-logit))).astype(float)


@cache
def lightgbm_text(wide: bool = False, trees: int = 20) -> bytes:
    """A LightGBM model file (text) of FEATURES, or of WIDER."""
    import lightgbm

    inputs, defaulted = applicants(2_000)
    names = WIDER if wide else FEATURES
    params = {"objective": "binary", "num_leaves": 7, "verbosity": -1, "num_threads": 1, "seed": 1, "deterministic": True}
    data = lightgbm.Dataset(inputs[:, : len(names)], defaulted, feature_name=names)
    return lightgbm.train(params, data, num_boost_round=trees).model_to_string().encode()


def document(name: str = "Credit Scoring", wide: bool = False) -> dict[str, object]:
    """A model document for that file."""
    return {
        "name": name,
        "task": {"type": "binary_classification", "target": "default", "classes": ["0", "1"], "positive_class": "1"},
        "features": [{"name": feature, "type": "number"} for feature in (WIDER if wide else FEATURES)],
        "metrics": [{"name": "roc_auc", "value": 0.77, "split": "validation"}],
    }
