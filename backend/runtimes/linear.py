"""Linear models and scorecards."""

import hashlib
from pathlib import Path
from typing import Self

import numpy as np

from backend.numerics.linear import Linear, read_linear
from backend.runtimes.checked_files import read_checked
from backend.runtimes.lightgbm_links import SAME, Link, exponential, sigmoid
from backend.runtimes.protocol import AS_IS, ExplanationBatch, Floats, Runtime, Scores, Space, Use

LINEAR = "linear"
LINKS: dict[str, Link] = {"identity": SAME, "logit": sigmoid(1.0), "log": exponential()}


class LinearRuntime(Runtime):
    """A linear model, scored by numpy."""

    def __init__(self, model: Linear) -> None:
        """Serve a parsed model; use `load`."""
        self.features = model.features
        self.space: Space = "value" if model.link == "identity" else "margin"
        self.classifies = model.logit
        self.covered = False
        self.estimated = False
        self._model = model
        self._link = LINKS[model.link]

    @classmethod
    def load(cls, path: Path, sha256: str, use: Use = AS_IS) -> Self:
        """Load the artifact, once its bytes have their checked SHA-256."""
        return cls(read_linear(read_checked(path, sha256)))

    def predict(self, matrix: Floats) -> Scores:
        """Score a matrix [n, features]. A missing value without a rule has no score."""
        margin = self._model.margin(matrix)
        return Scores(self._link(margin), margin)

    def additivity(self, matrix: Floats) -> float | None:
        """Return None: there is no library to compare with."""

    def explain(self, matrix: Floats, background: Floats | None = None, margin: Floats | None = None) -> ExplanationBatch:
        """Return exact Shapley values of the margin against `background`, or against a row of zeros without one."""
        reference = np.zeros((1, len(self.features))) if background is None or len(background) == 0 else np.ascontiguousarray(background, dtype=np.float64)
        base, values = self._model.contributions(matrix, reference)
        residual = (self._model.margin(matrix) if margin is None else margin) - base - values.sum(axis=1)
        return ExplanationBatch(LINEAR, True, self.space, base, values, residual, background=hashlib.sha256(reference.tobytes()).hexdigest())
