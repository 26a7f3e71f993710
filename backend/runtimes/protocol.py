"""What every runtime does."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NO_METHOD = "none"
Space = Literal["margin", "probability", "value"]


@dataclass(frozen=True)
class Scores:
    """A batch's answers: `score` [n] (a probability where the model is a classifier) and `margin` [n] where there is one before the link."""

    score: Floats
    margin: Floats | None


@dataclass(frozen=True)
class ExplanationBatch:
    """Additive contributions `values` [n, features]: base + their sum is the output in `space`, but for `residual` [n].

    Where `exact` is false, `error` [n] is the largest standard error among a row's contributions. `background` is the
    SHA-256 of the background rows, where the method has some.
    """

    method: str
    exact: bool
    space: Space
    base: float
    values: Floats
    residual: Floats
    error: Floats | None = None
    background: str | None = None
    reason: str | None = None
    """Why there is none, where the method is `none`; there are no values then."""


@dataclass(frozen=True)
class Use:
    """How an artifact is used, where its file leaves a choice; settled when it was uploaded.

    `column` is the score's among the `columns` numbers that an ONNX model gives a row: of two, None means the second, as in versions of earlier releases.
    `rounds` are the boosting rounds of an XGBoost model that answer (None: all), `missing` the value that it takes for missing, beside NaN.
    """

    column: int | None = None
    columns: int | None = None
    rounds: int | None = None
    missing: float | None = None


AS_IS = Use()


class Runtime(Protocol):
    """A loaded artifact. Features are columns, in the artifact's own order; a missing value is NaN.

    An instance serves one event loop and its threads: `predict` of one row takes microseconds, `explain` belongs in a thread.
    """

    features: list[str]
    space: Space
    """The space contributions add up in."""
    classifies: bool | None
    """Whether the score is the probability of a class; None where the artifact does not say."""
    covered: bool
    """Whether the model says how its training data spread over its branches: it is then explained without a background."""
    estimated: bool
    """Whether explanations are estimates."""

    @property
    def in_line(self) -> bool:
        """Whether explanations are made within an answer where they are asked for. Estimates take their time: the worker makes them."""
        return not self.estimated

    def tables_at_hand(self, background: Floats | None) -> bool:
        """Whether explaining against `background` [b, features] begins at once; else its tables are compiled first, which takes seconds or a minute."""
        return True

    @classmethod
    def load(cls, path: Path, sha256: str, use: Use = AS_IS) -> Self:
        """Load the artifact, once its bytes have the SHA-256 they were checked under."""
        ...

    def predict(self, matrix: Floats) -> Scores:
        """Score a matrix [n, features]."""
        ...

    def predict_row(self, row: Sequence[float]) -> tuple[float, float | None]:
        """The same score and margin of one row [features], which is what is asked for nearly always."""
        found = self.predict(np.array([row], dtype=np.float64))
        return float(found.score[0]), None if found.margin is None else float(found.margin[0])

    def additivity(self, matrix: Floats) -> float | None:
        """How far the library's own contributions miss its output for a matrix, relative to max(1, |output|); None where it has none.

        Asked in the probe only. A model served by our own evaluation is here loaded into its library too, and raises unless the
        scores are the same to the last bit.
        """
        ...

    def explain(self, matrix: Floats, background: Floats | None = None, margin: Floats | None = None) -> ExplanationBatch:
        """Explain a matrix [n, features].

        `background` [b, features] is what a feature is compared with, where the method needs it. `margin` [n] is what `predict` gave for the
        same rows, where that is known: the contributions are held against it.
        """
        ...
