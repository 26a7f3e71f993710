"""The model document of a trained version: measured facts only. A plain dict; the hub validates it."""

from typing import Any

import lightgbm
import numpy as np

from demo import metrics
from demo.dataset import MONTHS, SEED, Floats, digest
from demo.training import MODEL, SHARED, THRESHOLD, Trained


def document(trained: Trained) -> dict[str, Any]:
    """Return the document, in the hub's own shape (schema version 1.0)."""
    recipe, y = trained.recipe, trained.clients.defaulted
    return {
        "name": MODEL["name"],
        "version": recipe.version,
        "description": f"{MODEL['description']} {recipe.summary}",
        "license": "CC BY 4.0 (the data)",
        "owners": [{"name": "Credit Risk Analytics", "role": "model owner"}],
        "task": {"type": "binary_classification", "target": "default", "classes": ["0", "1"], "positive_class": "1", "threshold": THRESHOLD},
        "algorithm": {
            "family": "gradient boosted trees", "name": "LightGBM gbdt", "framework": "lightgbm", "framework_version": lightgbm.__version__,
            "artifact_format": "lightgbm",
        },
        "features": [_feature(trained, position) for position in range(len(recipe.features))],
        "metrics": metrics.measured(y, trained.scores, THRESHOLD, "cross_validation", SEED),
        "charts": _charts(trained, y),
        "training": {
            "dataset": {
                "name": "Default of Credit Card Clients (Yeh, 2009)", "uri": "doi:10.24432/C55S3H", "digest": f"sha256:{digest()}", "rows": 30_000,
                "range": "April to September 2005",
            },
            "split_rows": {"train": len(y)},
            "hyperparameters": SHARED | recipe.parameters | {"rounds": recipe.rounds},
            "seed": SEED,
            "code": "demo/training.py",
        },
        "intended_use": {
            "purpose": "Rank existing card clients by their risk of default, so that a person reviews the limits of the riskiest first.",
            "use_cases": ["credit_line_review"],
            "regions": ["TW"],
            "products": ["credit_card"],
            "decision_mode": "advisory",
            "prohibited": ["Refusing a new application", "Any decision without a person's review"],
        },
        "considerations": [
            "Sex, education, marriage and age are not inputs; the model is compared across them as segments.",
            "One country and six months of 2005: retrain before any use elsewhere.",
        ],
    }  # fmt: skip


def _feature(trained: Trained, position: int) -> dict[str, Any]:
    name = trained.recipe.features[position]
    column = trained.clients.matrix((name,))[:, 0]
    description, unit = _described(name)
    return {
        "name": name,
        "type": "integer",
        "role": "input",
        "description": description,
        "unit": unit,
        "required": True,
        "stats": {
            "mean": round(float(column.mean()), 6), "std": round(float(column.std()), 6), "min": float(column.min()), "max": float(column.max()),
            "median": float(np.median(column)), "missing_rate": 0.0,
        },
        "importance": [{"method": "split_gain", "value": round(float(trained.gain[position]), 6)}],
    }  # fmt: skip


def _described(name: str) -> tuple[str, str]:
    if name == "limit_bal":
        return "Credit limit", "NT$"
    stem, month = name[:-1], MONTHS[int(name[-1]) - 1]
    if stem == "pay_":
        return f"Repayment status in {month} 2005: -2 no use, -1 paid in full, 0 revolving, n months late", "months"
    return f"{'Bill' if stem == 'bill_amt' else 'Amount paid'} in {month} 2005", "NT$"


def _charts(trained: Trained, y: Floats) -> list[dict[str, Any]]:
    p = trained.scores
    fpr, tpr = metrics.thinned(*metrics.roc_curve(y, p))
    recall, precision = metrics.thinned(*metrics.pr_curve(y, p))
    counts, edges = np.histogram(p, bins=20, range=(0, 1))
    ranked = np.argsort(-trained.gain, kind="stable")
    return [
        {"kind": "roc", "fpr": fpr, "tpr": tpr, "split": "cross_validation"},
        {"kind": "pr", "recall": recall, "precision": precision, "split": "cross_validation"},
        {"kind": "confusion_matrix", "labels": ["0", "1"], "matrix": metrics.confusion(y, p, THRESHOLD), "split": "cross_validation"},
        {"kind": "calibration", **metrics.calibration(y, p), "split": "cross_validation"},
        {
            "kind": "importance", "method": "split_gain", "features": [trained.recipe.features[i] for i in ranked],
            "values": [round(float(trained.gain[i]), 6) for i in ranked],
        },
        {"kind": "learning_curve", "metric": "log_loss", "step": list(range(1, trained.recipe.rounds + 1)), **trained.curve},
        {
            "kind": "histogram", "name": "Predicted probability", "edges": [round(float(e), 6) for e in edges], "counts": counts.tolist(),
            "split": "cross_validation",
        },
    ]  # fmt: skip
