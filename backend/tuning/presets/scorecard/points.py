"""A scorecard as an artifact, and as a table of points."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.tuning.presets.scorecard.binning import Binned, Floats
from backend.tuning.presets.scorecard.settings import ScorecardSettings
from schemas.linear_model import BinsTerm, LevelsTerm, LinearModel, Term


@dataclass(frozen=True)
class Scale:
    """`points = offset - factor × margin`: odds of `base_odds` to 1 against the positive class have the base score."""

    factor: float
    offset: float

    @classmethod
    def of(cls, settings: ScorecardSettings) -> "Scale":
        """Return the scale of the settings.

        >>> scale = Scale.of(ScorecardSettings(base_score=600, base_odds=50, double_odds=20))
        >>> round(scale.points(float(-np.log(50))), 9), round(scale.points(float(-np.log(100))), 9)
        (600.0, 620.0)
        """
        factor = settings.double_odds / float(np.log(2))
        return cls(factor, settings.base_score - factor * float(np.log(settings.base_odds)))

    def points(self, margin: float) -> float:
        """Return the points of a margin."""
        return self.offset - self.factor * margin

    def probabilities(self, points: Floats) -> Floats:
        """Return the probabilities [n] of the positive class that points [n] stand for."""
        return np.asarray(1 / (1 + np.exp(-np.clip((self.offset - points) / self.factor, -700, 700))), dtype=np.float64)


def parts_of(binned: Sequence[Binned], coefficients: Floats) -> list[Floats]:
    """Return what each bin adds to the margin, by input [bins + 1]."""
    return [coefficient * one.evidence for one, coefficient in zip(binned, coefficients.tolist(), strict=True)]


def artifact(binned: Sequence[Binned], parts: Sequence[Floats], intercept: float, settings: ScorecardSettings) -> LinearModel:
    """Return the artifact: the probability of the positive class, or whole points where the settings ask for points."""
    if settings.score == "probability":
        return _linear(binned, parts, intercept, "logit")
    scale = Scale.of(settings)
    return _linear(binned, [np.rint(-scale.factor * part) + 0.0 for part in parts], float(np.rint(scale.points(intercept))), "identity")


def table(binned: Sequence[Binned], parts: Sequence[Floats], intercept: float, settings: ScorecardSettings) -> dict[str, Any]:
    """Return the table of points, as JSON: for each input its bins with rows, rate, weight of evidence, contribution to the margin, and points."""
    scale = Scale.of(settings)
    features = []
    for one, part in zip(binned, parts, strict=True):
        kept = range(one.bins + one.missing)
        bins = [_bin(one, at) | {"contribution": float(part[at]), "points": round(-scale.factor * float(part[at]))} for at in kept]
        features.append({"feature": one.column.name, "information_value": one.information, "bins": bins})
    return {
        "base_score": settings.base_score,
        "base_odds": settings.base_odds,
        "double_odds": settings.double_odds,
        "intercept": intercept,
        "base_points": round(scale.points(intercept)),
        "features": features,
    }


def _bin(one: Binned, at: int) -> dict[str, Any]:
    positives, negatives = float(one.positives[at]), float(one.negatives[at])
    found: dict[str, Any] = {"rows": positives + negatives, "positives": positives, "evidence": float(one.evidence[at])}
    if positives + negatives > 0:
        found["rate"] = positives / (positives + negatives)
    if at == one.bins:
        return {"missing": True} | found
    if one.column.type == "category":
        return {"levels": [level for level, bin_ in zip(one.column.categories, one.bin_of, strict=True) if bin_ == at]} | found
    ends: dict[str, Any] = {"from": one.edges[at - 1]} if at > 0 else {}
    return ends | ({"below": one.edges[at]} if at < len(one.edges) else {}) | found


def _linear(binned: Sequence[Binned], parts: Sequence[Floats], intercept: float, link: Any) -> LinearModel:
    terms: dict[str, Term] = {}
    for one, part in zip(binned, parts, strict=True):
        missing = float(part[-1]) if one.missing else None
        if one.column.type == "category":
            terms[one.column.name] = LevelsTerm(levels=one.column.categories, points=[float(part[at]) for at in one.bin_of], missing=missing)
        else:
            terms[one.column.name] = BinsTerm(edges=one.edges, points=part[:-1].tolist(), missing=missing)
    names = [one.column.name for one in binned]
    return LinearModel(format="linear", features=names, coefficients=[0.0] * len(names), intercept=intercept, link=link, terms=terms)
