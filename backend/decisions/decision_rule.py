"""Rules applied to scores: one at a time where predictions are answered, many where logged rows are read."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.catalog.decision_rules import segment_text
from backend.numerics.statistics.estimate import Floats
from schemas.decisions import DecisionBand, DecisionRule, VersionRule

Names = NDArray[np.object_]
DECLINE = "decline"
"""The decision of rules made by a cut-off for what they do not approve."""


class CompiledRule:
    """A rule ready to decide; takes about a microsecond a row. `version` is the label of the version that brought it."""

    __slots__ = ("_bounds", "_names", "_segments", "segment_by", "version")

    def __init__(self, kept: VersionRule) -> None:
        self.version = kept.version
        self.segment_by = kept.rule.segment_by
        self._bounds, self._names = _split(kept.rule.bands)
        self._segments = {value: _split(bands) for value, bands in kept.rule.segment_bands.items()}

    def decide(self, score: float | None, inputs: Mapping[str, Any]) -> str | None:
        """Return the decision for a score; None for a score that is none.

        >>> bands = [DecisionBand(decision="approve", below=0.2), DecisionBand(decision="decline")]
        >>> rule = CompiledRule(VersionRule(rule=DecisionRule(bands=bands), version="v1.0"))
        >>> [rule.decide(score, {}) for score in (0.1, 0.2, 0.9, float("nan"), None)]
        ['approve', 'decline', 'decline', None, None]
        """
        if score is None or score != score:
            return None
        bounds, names = self._bounds, self._names
        if self.segment_by is not None and (text := segment_text(inputs.get(self.segment_by))) is not None:
            bounds, names = self._segments.get(text, (bounds, names))
        return names[bisect_right(bounds, score)]


def decide_many(rule: DecisionRule, scores: Floats, segments: Sequence[Any] | None = None) -> Names:
    """The decision [n] for each of the scores [n]; None where a score is NaN. `segments` [n] are the values of the rule's input, for a rule that has one.

    >>> bands = [DecisionBand(decision="approve", below=0.2), DecisionBand(decision="decline")]
    >>> decide_many(DecisionRule(bands=bands), np.array([0.1, 0.2, np.nan])).tolist()
    ['approve', 'decline', None]
    """
    decided = _decide(rule.bands, scores)
    if rule.segment_by is not None and segments is not None:
        texts = np.array([segment_text(value) for value in segments], dtype=object)
        for value, bands in rule.segment_bands.items():
            mine = texts == value
            decided[mine] = _decide(bands, scores[mine])
    return decided


def names_of(rule: DecisionRule) -> list[str]:
    """Return every decision that a rule can give, in the order of its bands."""
    return list(dict.fromkeys(band.decision for bands in [rule.bands, *rule.segment_bands.values()] for band in bands))


def _decide(bands: Sequence[DecisionBand], scores: Floats) -> Names:
    bounds, names = _split(bands)
    decided: Names = np.array(names, dtype=object)[np.searchsorted(np.array(bounds), scores, side="right").clip(max=len(names) - 1)]
    decided[np.isnan(scores)] = None
    return decided


def _split(bands: Sequence[DecisionBand]) -> tuple[list[float], list[str]]:
    return [band.below for band in bands if band.below is not None], [band.decision for band in bands]
