"""Estimated explanations, for models whose structure cannot be read."""

import hashlib
from collections.abc import Callable

import numpy as np

from backend.numerics.attribution.sampled import sampled_shapley
from backend.runtimes.protocol import ExplanationBatch, Floats, Space


def explain_by_sampling(model: Callable[[Floats], Floats], matrix: Floats, background: Floats | None, space: Space) -> ExplanationBatch:
    """Return sampled Shapley values against `background`, or against a row of zeros without one."""
    reference = np.zeros((1, matrix.shape[1])) if background is None or len(background) == 0 else np.ascontiguousarray(background, dtype=np.float64)
    estimate = sampled_shapley(model, matrix, reference)
    residual = model(matrix) - estimate.base - estimate.values.sum(axis=1) if len(matrix) else np.empty(0)
    digest = hashlib.sha256(reference.tobytes()).hexdigest()
    return ExplanationBatch("sampled_permutation", False, space, estimate.base, estimate.values, residual, estimate.error.max(axis=1, initial=0.0), digest)
