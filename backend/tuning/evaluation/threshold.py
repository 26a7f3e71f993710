"""The threshold above which a score says yes, chosen by a stated rule on validation rows."""

from dataclasses import dataclass
from typing import Any, Union

import msgspec
import numpy as np

from backend.numerics.statistics.counted import levels_of
from backend.tuning.evaluation.evaluated import Floats
from schemas.common import Fraction, Shape


class CostRule(Shape, frozen=True, kw_only=True, tag_field="rule", tag="cost"):
    """The least total cost. `false_positive` is the cost of a wrong yes, `false_negative` that of a wrong no."""

    false_positive: float
    false_negative: float


class TargetRateRule(Shape, frozen=True, kw_only=True, tag_field="rule", tag="target_rate"):
    """The share of rows that get a yes."""

    rate: Fraction


class F1Rule(Shape, frozen=True, kw_only=True, tag_field="rule", tag="f1"):
    """The greatest F1."""


ThresholdRule = Union[CostRule, TargetRateRule, F1Rule]  # noqa: UP007 (msgspec reads a tagged union of Structs)


@dataclass(frozen=True)
class Threshold:
    """A score at or above `value` says yes. `words` say how it was chosen."""

    value: float
    words: str


def rule_of(parameters: dict[str, Any]) -> ThresholdRule:
    """Return the rule of a task's parameter `threshold`; F1 without one. Raises msgspec.ValidationError."""
    found: ThresholdRule = msgspec.convert(parameters.get("threshold", {"rule": "f1"}), ThresholdRule)
    return found


def choose(rule: ThresholdRule, actual: Floats, score: Floats, of: str = "validation") -> Threshold:
    """Return the threshold by the rule on these rows [n]; 0.5 where the rule has no answer, with the reason."""
    levels = levels_of(actual, score)
    up, down = levels.positives[::-1].astype(np.float64), levels.negatives[::-1].astype(np.float64)
    if up.sum() + down.sum() == 0:
        return Threshold(0.5, f"0.5, because there are no {of} rows to choose it on")
    if not isinstance(rule, TargetRateRule) and (up.sum() == 0 or down.sum() == 0):
        return Threshold(0.5, f"0.5, because the {of} rows have one class only")
    tp, fp = np.append(0.0, np.cumsum(up)), np.append(0.0, np.cumsum(down))
    values = np.append(np.nextafter(levels.low[-1], np.inf), levels.low[::-1])
    best, words = _best(rule, tp, fp)
    return Threshold(float(values[best]), f"{words}, on {int(tp[-1] + fp[-1])} {of} rows")


def _best(rule: ThresholdRule, tp: Floats, fp: Floats) -> tuple[int, str]:
    """The place of the best candidate, and the rule in words; of equals, the highest threshold."""
    if isinstance(rule, CostRule):
        cost = rule.false_positive * fp + rule.false_negative * (tp[-1] - tp)
        return int(cost.argmin()), f"the least cost (a wrong yes costs {rule.false_positive:g}, a wrong no {rule.false_negative:g})"
    if isinstance(rule, TargetRateRule):
        return int(np.abs((tp + fp) / (tp[-1] + fp[-1]) - rule.rate).argmin()), f"the share of yes nearest to {rule.rate:.4g}"
    return int((2 * tp / (tp + fp + tp[-1])).argmax()), "the greatest F1"
