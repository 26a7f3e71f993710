"""The parameters of a scorecard."""

from typing import Annotated, Literal

import msgspec

from backend.numerics.monotone_bins import Direction
from backend.tuning.evaluation.threshold import F1Rule, ThresholdRule
from schemas.common import Shape


class ScorecardSettings(Shape, frozen=True, kw_only=True):
    """What a user may set. A score of `base_score` points means odds of `base_odds` to 1 against the positive class; more points, better odds."""

    most_bins: Annotated[int, msgspec.Meta(ge=2, le=20)] = 6
    least_share: Annotated[float, msgspec.Meta(gt=0, le=0.5, description="The least share of training rows in a bin.")] = 0.05
    monotone: dict[str, Direction] = {}
    """By input, of the rate of the positive class. Without an entry: `auto`, rising or falling, whichever fits better. `any` asks for no order."""
    strength: Annotated[float, msgspec.Meta(ge=0, le=1e6)] = 1e-4
    score: Literal["probability", "points"] = "probability"
    """What the version answers. Points are whole numbers."""
    base_score: Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)] = 600.0
    base_odds: Annotated[float, msgspec.Meta(gt=0, le=1e6)] = 50.0
    double_odds: Annotated[float, msgspec.Meta(gt=0, le=1e6, description="The points that double the odds.")] = 20.0
    most_iterations: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 2000
    threshold: ThresholdRule = F1Rule()
    """The rule for the decision threshold of a binary target."""
    positive_class: str | None = None
    """The class of a binary target that the score is about; without it the later of the two in order."""
