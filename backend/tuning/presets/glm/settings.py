"""The parameters of a regularised GLM."""

from typing import Annotated, Literal

import msgspec

from backend.tuning.evaluation.threshold import F1Rule, ThresholdRule
from schemas.common import Shape


class GlmSettings(Shape, frozen=True, kw_only=True):
    """What a user may set. `strength` is the factor of the penalty on the mean loss: 0 is none. `l1_ratio` mixes: 0 is ridge (l2), 1 is lasso (l1)."""

    strength: Annotated[float, msgspec.Meta(ge=0, le=1e6)] = 1e-4
    l1_ratio: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    class_weight: Literal["balanced"] | None = None
    """`balanced` gives both classes the same total weight. The probabilities are then recalibrated on validation rows."""
    most_iterations: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 2000
    tolerance: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1e-7
    threshold: ThresholdRule = F1Rule()
    """The rule for the decision threshold of a binary target."""
    positive_class: str | None = None
    """The class of a binary target that the score is about; without it the later of the two in order."""
