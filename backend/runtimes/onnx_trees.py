"""The forest inside an ONNX model, proven to give onnxruntime's answers, and explained exactly."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backend.numerics.attribution.limits import compiles
from backend.numerics.trees.evaluate import Walk
from backend.numerics.trees.onnx_forest import OnnxForest, onnx_forest
from backend.numerics.trees.onnx_nodes import UnclearGraph
from backend.numerics.trees.trials import trial_rows
from backend.runtimes.explainer_cache import Explainers
from backend.runtimes.protocol import ExplanationBatch, Floats, Space

if TYPE_CHECKING:
    from onnx import ModelProto

AGREED = 1e-4
"""The allowed difference between the forest's and onnxruntime's answers, relative to max(1, |answer|): float32 sums of many trees."""


class OnnxTrees:
    """Explains in the forest's own units: the margin when the graph applies a logistic link, else the score."""

    def __init__(self, found: OnnxForest, score: Callable[[Floats], Floats], plain: Space, file: Path) -> None:
        self.covered = found.forest.covered
        self.space: Space = "margin" if found.link == "logistic" else plain
        self._walk = Walk.of(found.forest, np.float64(found.forest.start))
        self._explainers = Explainers(found.forest, file)
        self._score = score

    @classmethod
    def of(
        cls, model: "ModelProto", output: str, features: list[str], score: Callable[[Floats], Floats], plain: Space, file: Path, *, first: bool = False
    ) -> "OnnxTrees | None":
        """Return the trees of a model; `score` is onnxruntime's function. None when the graph is not one known ensemble, or cannot be compiled."""
        file = file.with_name(f"{file.name}-first") if first else file  # these have other tables
        try:
            found = onnx_forest(model, output, features, first=first)
            if not compiles(found.forest):
                return None
            # onnxruntime applies no link to the single output of some operators, whatever the file says. Its answer is explained.
            candidates = [cls(one, score, plain, file) for one in (found, replace(found, link="identity"))]
        except (UnclearGraph, KeyError, IndexError, ValueError):  # the explainer is optional: an unknown model gets sampled explanations
            return None
        return next((trees for trees in candidates if trees.agrees()), None)

    def agrees(self) -> bool:
        """Return whether onnxruntime and the forest agree around the forest's thresholds."""
        rows = np.nan_to_num(trial_rows(self._walk.forest))
        return bool((np.abs(self._gap(rows)) <= AGREED * np.maximum(1.0, np.abs(self._margin(rows)))).all())

    def tables_at_hand(self, background: Floats | None) -> bool:
        """Return whether explaining against `background` starts at once."""
        return self._explainers.at_hand(background)

    def explain(self, matrix: Floats, background: Floats | None) -> ExplanationBatch:
        """Return exact Shapley values. The residual is the larger difference to the forest's output and to onnxruntime's answer."""
        found = self._explainers.explain(matrix, background, self._margin(matrix), self.space)
        gap = self._gap(matrix)
        residual = np.where(np.abs(gap) > np.abs(found.residual), gap, found.residual)
        return ExplanationBatch(found.method, True, self.space, found.base, found.values, residual, background=found.background)

    def _margin(self, matrix: Floats) -> Floats:
        return self._walk(matrix) * self._walk.forest.scale

    def _gap(self, matrix: Floats) -> Floats:
        margin = self._margin(matrix)
        with np.errstate(over="ignore"):
            mine = 1.0 / (1.0 + np.exp(-margin)) if self.space == "margin" else margin
        return self._score(matrix) - mine
