"""The new model against its base version, on the same test rows."""

import numpy as np

from backend.numerics.statistics.estimate import Estimate
from backend.numerics.statistics.paired import paired_auc, paired_mean
from backend.numerics.statistics.sketch import log_losses
from backend.tuning.evaluation.evaluated import Floats, Objective
from backend.tuning.evaluation.stated import metric
from schemas.model_document import Metric, Split

HIGHER_IS_BETTER = frozenset({"roc_auc_difference"})


def differences(actual: Floats, score: Floats, base: Floats, objective: Objective, base_name: str, split: Split) -> list[Metric]:
    """Paired differences, new minus base, of rows [n] that both models score. Nothing for several classes."""
    if score.ndim > 1 or base.shape != score.shape:
        return []
    both = np.isfinite(base)
    actual, score, base = actual[both], score[both], base[both]
    on = {"base": base_name}
    if objective == "binary":
        found = [
            ("roc_auc_difference", paired_auc(actual, score, base)),
            ("brier_difference", paired_mean((score - actual) ** 2, (base - actual) ** 2)),
            ("log_loss_difference", paired_mean(log_losses(actual, score), log_losses(actual, base))),
        ]
    else:
        found = [
            ("mae_difference", paired_mean(np.abs(score - actual), np.abs(base - actual))),
            ("mse_difference", paired_mean((score - actual) ** 2, (base - actual) ** 2)),
        ]
    return [one for name, value in found for one in metric(name, value, split, on=on)]


def verdict(name: str, found: Estimate) -> str:
    """Say in words what a difference shows: better, worse, or neither for certain."""
    if found.low is None or found.high is None or found.low <= 0 <= found.high:
        return "no clear difference"
    return "better" if (found.low > 0) == (name in HIGHER_IS_BETTER) else "worse"
