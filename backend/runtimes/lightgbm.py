"""LightGBM text models."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from backend.numerics.trees.forest import Forest
from backend.numerics.trees.lightgbm_objectives import PROBABILITIES
from backend.numerics.trees.lightgbm_text import read_lightgbm
from backend.numerics.trees.transfers import plain_text
from backend.runtimes.checked_files import read_checked
from backend.runtimes.errors import RuntimeRefused
from backend.runtimes.estimated_explainer import explain_by_sampling
from backend.runtimes.explainer_cache import PATH_DEPENDENT, Explainers
from backend.runtimes.light_imports import WRAPPED, without
from backend.runtimes.lightgbm_fast import FastRows
from backend.runtimes.lightgbm_links import link_of, space_of
from backend.runtimes.protocol import AS_IS, ExplanationBatch, Floats, Runtime, Scores, Use

if TYPE_CHECKING:
    from lightgbm import Booster

FEW = 12
"""Up to this number of rows, scoring one by one is faster than together."""


class LightgbmRuntime(Runtime):
    """A LightGBM model on one thread. Scores equal `Booster.predict` to the last bit."""

    def __init__(self, booster: "Booster", forest: Forest, file: Path) -> None:
        """Wrap a booster and the same model as arrays, both from one file; use `load`."""
        self.features = forest.features
        self.space = space_of(forest.objective)
        self.classifies = forest.objective.split(" ")[0] in PROBABILITIES
        self._booster = booster
        self._link = link_of(forest.objective)
        self._divisor = round(1 / forest.scale)
        self._explainers = Explainers(forest, file)
        self.covered = forest.covered
        self.estimated = forest.linear or not (forest.covered or self._explainers.compiles)
        self._fast = FastRows(booster, len(forest.features))

    def tables_at_hand(self, background: Floats | None) -> bool:
        """Return whether explaining against `background` starts at once."""
        return self._explainers.at_hand(background)

    @classmethod
    def load(cls, path: Path, sha256: str, use: Use = AS_IS) -> Self:
        """Load the artifact, once its bytes have their checked SHA-256."""
        with without(WRAPPED):
            from lightgbm import Booster  # noqa: PLC0415  heavy: loaded with the first model of its kind
            from lightgbm.basic import LightGBMError  # noqa: PLC0415  likewise

        content = plain_text(read_checked(path, sha256))
        forest = read_lightgbm(content)
        if forest.outputs != 1:
            raise RuntimeRefused(f"The model gives {forest.outputs} numbers per row, but Tiltyard serves one score per row.")
        try:
            return cls(Booster(model_str=content.decode()), forest, path)
        except LightGBMError as error:
            raise RuntimeRefused(f"LightGBM cannot load the model: {error}") from error

    def predict(self, matrix: Floats) -> Scores:
        """Score a matrix [n, features]."""
        margin = self._margin(matrix)
        score = self._link(margin) if self._link else self._many(matrix, raw=False)
        return Scores(score, margin)

    def predict_row(self, row: Sequence[float]) -> tuple[float, float | None]:
        """Score one row, without arrays around it."""
        if self._link is None:
            return super().predict_row(row)
        margin = self._fast.row(row) / self._divisor
        return self._link.one(margin), margin

    def additivity(self, matrix: Floats) -> float | None:
        """Return how far LightGBM's own contributions miss its margin; None for linear trees, which it cannot explain."""
        if self.estimated or not self.covered:
            return None
        found = self._explain_by_library(matrix)
        return float((np.abs(found.residual) / np.maximum(1.0, np.abs(self._margin(matrix)))).max(initial=0.0))

    def explain(self, matrix: Floats, background: Floats | None = None, margin: Floats | None = None) -> ExplanationBatch:
        """Return exact Shapley values of the margin: path-dependent, or interventional against `background` if given.

        The first call compiles the explainer (some tenths of a second) and keeps it. Models too large to compile use LightGBM's own path-dependent
        `pred_contrib`. Linear trees, and large models without covers, are estimated by sampling.
        """
        if self._explainers.take(background):
            return self._explainers.explain(matrix, background, self._margin(matrix) if margin is None else margin, self.space)
        if self.estimated or not self.covered:
            return explain_by_sampling(self._margin, matrix, background, self.space)
        return self._explain_by_library(matrix)

    def _explain_by_library(self, matrix: Floats) -> ExplanationBatch:
        rows = matrix if len(matrix) else np.zeros((1, len(self.features)))
        both = np.asarray(self._booster.predict(rows, pred_contrib=True, num_threads=1), dtype=np.float64) / self._divisor
        values, base = both[: len(matrix), :-1], float(both[0, -1])
        return ExplanationBatch(PATH_DEPENDENT, True, self.space, base, values, self._margin(matrix) - base - values.sum(axis=1))

    def _margin(self, matrix: Floats) -> Floats:
        raw = self._fast(matrix) if len(matrix) <= FEW else self._many(matrix, raw=True)
        return raw if self._divisor == 1 else raw / self._divisor

    def _many(self, matrix: Floats, *, raw: bool) -> Floats:
        if len(matrix) == 0:
            return np.empty(0)
        return np.asarray(self._booster.predict(matrix, raw_score=raw, num_threads=1), dtype=np.float64)
