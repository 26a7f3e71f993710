"""What a preset hands to the evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backend.tuning.child_protocol import Curve, TrainingTask
from schemas.columns import Column
from schemas.model_document import Algorithm, Importance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Objective = Literal["binary", "multiclass", "regression", "poisson", "tweedie", "quantile"]
CLASSIFIES = frozenset({"binary", "multiclass"})


@dataclass(frozen=True, kw_only=True)
class JudgedRows:
    """The rows of one split, with the model's answers.

    `rows` [n] are places in the snapshot. `matrix` [n, f] holds the inputs in the model's order: a category is its code, NaN is missing. `target` [n] is a
    number, or the code of a class. `score` is [n], or [n, classes] for several classes; for a binary target it is the probability of class 1. `served` [n] is
    what the endpoint answers, where that differs (points). `groups` have the values of segment and protected columns, None for missing. `seconds` [n] is the
    time of each row since 1970, NaN where there is none.
    """

    split: Literal["train", "validation", "test"]
    rows: Ints
    matrix: Floats
    target: Floats
    score: Floats
    served: Floats | None = None
    groups: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    seconds: Floats | None = None

    @property
    def known(self) -> NDArray[np.bool_]:
        """The rows [n] that can be judged: target and scores are finite numbers."""
        scored = np.isfinite(self.score) if self.score.ndim == 1 else np.isfinite(self.score).all(axis=1)
        return np.asarray(np.isfinite(self.target) & scored, dtype=np.bool_)


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What the training took. `started` and `finished` are ISO 8601 texts."""

    seconds: float
    peak_memory_bytes: int
    started: str | None = None
    finished: str | None = None


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """A trained model and its rows. `parts` have a test split of rows that neither training nor tuning has seen; it may be empty.

    `inputs` are the model's columns in its order. `classes` are the target's, in the order of their codes. `parameters` are those really used.
    `importance` maps a feature to its figures. `base_score` [n] are the base version's scores of the test rows, if there is a base. `extensions` go into the
    document as they are.
    """

    task: TrainingTask
    inputs: Sequence[Column]
    parts: Sequence[JudgedRows]
    classes: Sequence[str]
    algorithm: Algorithm
    parameters: Mapping[str, Any]
    costs: Costs
    importance: Mapping[str, Sequence[Importance]] = field(default_factory=dict)
    curves: Sequence[Curve] = ()
    base_score: Floats | None = None
    base_name: str | None = None
    recalibrated: bool = False
    considerations: Sequence[str] = ()
    extensions: Mapping[str, Any] = field(default_factory=dict)

    def part(self, split: str) -> JudgedRows | None:
        """The rows of a split; None where it has none."""
        return next((part for part in self.parts if part.split == split and len(part.target)), None)
