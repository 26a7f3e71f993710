"""The protocol of every runtime."""

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
    """A batch's answers: `score` [n] (a probability for a classifier) and `margin` [n], the value before the link, if any."""

    score: Floats
    margin: Floats | None


@dataclass(frozen=True)
class ExplanationBatch:
    """Additive contributions `values` [n, features]: base plus their sum is the output in `space`, except for `residual` [n].

    When `exact` is false, `error` [n] is the largest standard error among a row's contributions. `background` is the SHA-256 of the background rows, if the
    method uses some.
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
    """The reason for no explanation, when the method is `none`; there are no values then."""


@dataclass(frozen=True)
class Use:
    """How an artifact is used when its file leaves a choice; settled at upload.

    `column` is the score's place among the `columns` numbers per row of an ONNX model. With two columns, None means the second, as in versions of earlier
    releases. `rounds` are the boosting rounds of an XGBoost model in use (None: all). `missing` is its missing value, beside NaN.
    """

    column: int | None = None
    columns: int | None = None
    rounds: int | None = None
    missing: float | None = None


AS_IS = Use()


class Runtime(Protocol):
    """A loaded artifact. Features are columns, in the artifact's order; a missing value is NaN.

    An instance serves one event loop and its threads. `predict` of one row takes microseconds; call `explain` in a thread.
    """

    features: list[str]
    space: Space
    """The space in which contributions add up."""
    classifies: bool | None
    """Whether the score is a class's probability; None when the artifact does not say."""
    covered: bool
    """Whether the model stores how its training data spread over its branches. It is then explained without a background."""
    estimated: bool
    """Whether explanations are estimates."""

    @property
    def in_line(self) -> bool:
        """Return whether explanations are made within an answer on request. Estimates take longer: the worker makes them."""
        return not self.estimated

    def tables_at_hand(self, background: Floats | None) -> bool:
        """Return whether explaining against `background` [b, features] starts at once. Else its tables compile first, which takes seconds or a minute."""
        return True

    @classmethod
    def load(cls, path: Path, sha256: str, use: Use = AS_IS) -> Self:
        """Load the artifact, once its bytes have their checked SHA-256."""
        ...

    def predict(self, matrix: Floats) -> Scores:
        """Score a matrix [n, features]."""
        ...

    def predict_row(self, row: Sequence[float]) -> tuple[float, float | None]:
        """Return the score and margin of one row [features], the usual request."""
        found = self.predict(np.array([row], dtype=np.float64))
        return float(found.score[0]), None if found.margin is None else float(found.margin[0])

    def additivity(self, matrix: Floats) -> float | None:
        """Return how far the library's own contributions miss its output for a matrix, relative to max(1, |output|); None without any.

        Only the probe calls this. A model that we evaluate ourselves is loaded into its library too. It raises unless both give the same scores to the last
        bit.
        """
        ...

    def explain(self, matrix: Floats, background: Floats | None = None, margin: Floats | None = None) -> ExplanationBatch:
        """Explain a matrix [n, features].

        `background` [b, features] are the rows to compare a feature with, if the method needs them. `margin` [n] is the output of `predict` for the same rows,
        if known: contributions are compared with it.
        """
        ...
