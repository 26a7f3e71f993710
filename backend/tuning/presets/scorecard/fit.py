"""The logistic regression of a scorecard: on weights of evidence, with no coefficient below 0."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from backend.tuning.presets.glm.fit import fit
from backend.tuning.presets.glm.settings import GlmSettings
from backend.tuning.presets.scorecard.binning import Binned, Floats, binned
from backend.tuning.presets.scorecard.settings import ScorecardSettings
from schemas.columns import Column


@dataclass(frozen=True)
class Scorecard:
    """Bins, coefficients [f] and the intercept of the margin. `notes` say what was left out."""

    binned: Sequence[Binned]
    coefficients: Floats
    intercept: float
    iterations: int
    notes: list[str] = field(default_factory=list)


def fit_scorecard(
    rows: Floats, target: Floats, weight: Floats, inputs: Sequence[Column], settings: ScorecardSettings, seed: int, go_on: Callable[[int], bool]
) -> Scorecard:
    """Fit training rows [n, f]. `go_on` takes the inputs binned so far; False ends the training.

    An input with a coefficient below 0 would turn its own bins around (it says again, and too much, what others say): it is left out, and the rest is fitted
    again.
    """
    found = []
    for at, column in enumerate(inputs):
        found.append(binned(rows[:, at], target, weight, column, settings))
        if not go_on(at + 1):
            raise InterruptedError
    notes = [f"{one.column.name}: no bins tell its values apart, so it adds nothing." for one in found if not one.evidence.any() or one.bins + one.missing == 1]
    evidence = np.column_stack([one.evidence[one.places(rows[:, at])] for at, one in enumerate(found)])
    kept = [at for at in range(len(found)) if np.ptp(evidence[:, at]) > 0]
    plain = GlmSettings(strength=settings.strength, most_iterations=settings.most_iterations)
    coefficients, intercept, iterations = np.zeros(len(found)), _log_odds(target, weight), 0
    while kept:
        fitted = fit("binary", evidence[:, kept], target, weight, plain, seed, lambda *_: True)
        iterations += fitted.iterations
        if (fitted.coefficients >= 0).all():
            coefficients[kept], intercept = fitted.coefficients, fitted.intercept
            break
        worst = kept.pop(int(fitted.coefficients.argmin()))
        notes.append(f"{found[worst].column.name}: left out, because beside the other inputs its effect would be the reverse of its own.")
    return Scorecard(found, coefficients, intercept, iterations, notes)


def _log_odds(target: Floats, weight: Floats) -> float:
    rate = float(np.average(target, weights=weight))
    return float(np.log(rate / (1 - rate)))
