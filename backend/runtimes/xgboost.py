"""XGBoost models, evaluated by our own walk of their trees.

An answering process does not load the library: it crashes on tampered files, and takes a hundred times as long for one row. The probe proves for each model
that both give the same scores to the last bit. A worker loads the library to explain models that are too large to compile.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from backend.numerics.trees.evaluate import Walk
from backend.numerics.trees.transfers import plain_json
from backend.numerics.trees.trials import trial_rows
from backend.numerics.trees.xgboost_model import XgboostModel, read_xgboost
from backend.runtimes.checked_files import read_checked
from backend.runtimes.errors import RuntimeRefused
from backend.runtimes.estimated_explainer import explain_by_sampling
from backend.runtimes.explainer_cache import PATH_DEPENDENT, Explainers
from backend.runtimes.light_imports import WRAPPED, without
from backend.runtimes.protocol import AS_IS, ExplanationBatch, Floats, Runtime, Scores, Space, Use
from backend.runtimes.xgboost_links import objective_of

if TYPE_CHECKING:
    from xgboost import Booster


FLOAT_MAX = np.finfo(np.float32).max


class XgboostRuntime(Runtime):
    """An XGBoost model on one thread. Scores equal `Booster.predict` to the last bit; like it, they use every tree of the file."""

    def __init__(self, model: XgboostModel, path: Path, sha256: str, use: Use = AS_IS) -> None:
        """Prepare a model that was read from a file with this SHA-256; use `load`."""
        self._use = use
        self._missing = without_missing(use.missing)
        each = len(model.forest.trees) // model.rounds
        read = model.forest.read
        trees = model.forest.trees[: each * use.rounds] if use.rounds is not None else model.forest.trees
        model = replace(model, forest=replace(model.forest, trees=trees, read=lambda matrix: read(self._missing(matrix))))
        objective = objective_of(model.objective, model.base_score)
        self.features = model.forest.features
        self.space: Space = "value" if objective.plain else "margin"
        self.classifies = objective.classifies
        self.covered = model.forest.covered
        self._link = objective.link
        self._walk = Walk.of(replace(model.forest, start=float(objective.start)), objective.start)
        self._explainers = Explainers(self._walk.forest, path if use == AS_IS else path.with_name(f"{path.name}-{use.rounds}-{use.missing}"))
        self.estimated = not (self.covered or self._explainers.compiles)
        self._file = (path, sha256)
        self._asking = threading.Lock()

    @property
    def in_line(self) -> bool:
        """Return whether tables give the explanations. XGBoost's own explanations, like estimates, are left to the worker."""
        return self._explainers.compiles

    def tables_at_hand(self, background: Floats | None) -> bool:
        """Return whether explaining against `background` starts at once."""
        return self._explainers.at_hand(background)

    @classmethod
    def load(cls, path: Path, sha256: str, use: Use = AS_IS) -> Self:
        """Load the artifact, once its bytes have their checked SHA-256."""
        return cls(read_xgboost(read_checked(path, sha256)), path, sha256, use)

    def predict(self, matrix: Floats) -> Scores:
        """Score a matrix [n, features]."""
        margin = self._walk(matrix)
        return Scores(self._link(margin), margin)

    def additivity(self, matrix: Floats) -> float | None:
        """Return how far XGBoost's own contributions miss its margin. Raises RuntimeRefused unless its scores equal ours bit for bit, here and around every
        split.
        """
        rows = np.vstack([matrix, trial_rows(self._walk.forest)])
        ours = self.predict(rows)
        theirs = self._answer(rows), self._answer(rows, output_margin=True)
        if not (np.array_equal(ours.score, theirs[0]) and ours.margin is not None and np.array_equal(ours.margin, theirs[1])):
            raise RuntimeRefused(
                "XGBoost's scores of this model differ from Tiltyard's. Save it again with a current release of XGBoost, and upload the new file"
            )
        if not self.covered:
            return None
        gap = self._answer(rows, pred_contribs=True).sum(axis=1) - theirs[1]
        return float((np.abs(gap) / np.maximum(1.0, np.abs(theirs[1]))).max(initial=0.0))

    def explain(self, matrix: Floats, background: Floats | None = None, margin: Floats | None = None) -> ExplanationBatch:
        """Return exact Shapley values of the margin: path-dependent by the sums of hessians, or interventional against `background`.

        Models too large to compile use XGBoost's own path-dependent `pred_contribs`. Without covers, they are estimated by sampling, and so is a model without
        covers and background.
        """
        if self._explainers.take(background):
            return self._explainers.explain(matrix, background, self._walk(matrix) if margin is None else margin, self.space)
        return self._explain_by_library(matrix) if self.covered else explain_by_sampling(self._walk, matrix, background, self.space)

    def _explain_by_library(self, matrix: Floats) -> ExplanationBatch:
        rows = matrix if len(matrix) else np.zeros((1, len(self.features)))
        with self._asking:
            both = self._answer(rows, pred_contribs=True)
        values, base = both[: len(matrix), :-1], float(both[0, -1])
        return ExplanationBatch(PATH_DEPENDENT, True, self.space, base, values, self._walk(matrix) - base - values.sum(axis=1))

    @cached_property
    def _booster(self) -> "Booster":
        """Return the library's model, read once. Raises `ArtifactGone` or `ArtifactChanged`."""
        with without(WRAPPED):
            from xgboost import Booster  # noqa: PLC0415  heavy: loaded by the probe, and by a worker for a model too large to compile

        return Booster({"nthread": 1}, model_file=bytearray(plain_json(read_checked(*self._file))))

    def _answer(self, rows: Floats, **what: bool) -> Floats:
        """Return XGBoost's own result for rows [n, features]."""
        from xgboost import DMatrix  # noqa: PLC0415  likewise

        with np.errstate(over="ignore"):
            # Values beyond float32 become infinite, and XGBoost accepts no infinite values.
            single = np.clip(self._missing(rows).astype(np.float32), -FLOAT_MAX, FLOAT_MAX)
        matrix = DMatrix(single, nthread=1)
        used = (0, self._use.rounds or 0)
        return np.asarray(self._booster.predict(matrix, validate_features=False, iteration_range=used, **what), dtype=np.float64)


def without_missing(missing: float | None) -> Callable[[Floats], Floats]:
    """Return rows with NaN for the missing value, compared in single precision as XGBoost does."""
    if missing is None:
        return lambda matrix: matrix
    value = np.float32(missing)

    def read(matrix: Floats) -> Floats:
        with np.errstate(over="ignore"):
            return np.where(matrix.astype(np.float32) == value, np.nan, matrix)

    return read
