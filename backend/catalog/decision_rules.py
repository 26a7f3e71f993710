"""Checks whether a decision rule fits a version."""

import math
from collections.abc import Sequence

from backend.catalog.errors import DecisionRuleUnfit
from schemas.catalog import Artifact
from schemas.common import Issue
from schemas.decisions import DecisionBand, DecisionRule
from schemas.model_document import Feature, ModelDocument

LARGEST_BOUND = 1e12


def rule_issues(rule: DecisionRule, document: ModelDocument, artifact: Artifact | None, at: str = "") -> list[Issue]:
    """Return the problems of a rule for a version, each with its pointer below `at`.

    >>> bands = [DecisionBand(decision="approve", below=0.3), DecisionBand(decision="decline", below=0.2)]
    >>> [issue.pointer for issue in rule_issues(DecisionRule(bands=bands), ModelDocument(name="m", version="1.0.0"), None)]
    ['/bands/1/below', '/bands/1/below']
    """
    issues = _band_issues(rule, rule.bands, f"{at}/bands")
    for value, bands in rule.segment_bands.items():
        issues += _band_issues(rule, bands, f"{at}/segment_bands/{_escaped(value)}")
    issues += _kind_issues(rule, answers_probability(document, artifact), f"{at}/on")
    return issues + _segment_issues(rule, document, artifact, at)


def require_fit(rule: DecisionRule, document: ModelDocument, artifact: Artifact | None, at: str) -> None:
    """Raise DecisionRuleUnfit with all problems, if there are any."""
    if issues := rule_issues(rule, document, artifact, at):
        raise DecisionRuleUnfit(issues=issues[:100])


def answers_probability(document: ModelDocument, artifact: Artifact | None) -> bool | None:
    """Return whether a version's scores are probabilities; None if neither artifact nor document states it."""
    if artifact is not None and (artifact.classes or artifact.positive_class):
        return True
    kind = document.task.type if document.task else None
    return None if kind in (None, "binary_classification") else False


def _band_issues(rule: DecisionRule, bands: Sequence[DecisionBand], at: str) -> list[Issue]:
    issues: list[Issue] = []
    last = -math.inf
    for index, band in enumerate(bands):
        pointer, below = f"{at}/{index}/below", band.below
        final = index == len(bands) - 1
        if final != (below is None):
            words = "the last band takes every score that is left: leave its bound out" if final else "only the last band has no bound: say below which score"
            issues.append(Issue(pointer=pointer, message=words))
        if below is None:
            continue
        if not math.isfinite(below) or abs(below) > LARGEST_BOUND:
            issues.append(Issue(pointer=pointer, message="a bound is a finite number of at most 1e12"))
        elif below <= last:
            issues.append(Issue(pointer=pointer, message=f"bounds ascend: {below:g} does not pass {last:g} of the band before"))
        elif rule.on == "probability" and not 0 < below < 1:
            issues.append(Issue(pointer=pointer, message="a bound on a probability lies between 0 and 1"))
        last = max(last, below) if math.isfinite(below) else last
    return issues


def _kind_issues(rule: DecisionRule, probable: bool | None, at: str) -> list[Issue]:
    if rule.on == "probability" and probable is False:
        return [Issue(pointer=at, message="this version's scores are no probabilities; put the bands on `score` or `points`")]
    if rule.on == "points" and probable:
        return [Issue(pointer=at, message="this version's scores are probabilities; put the bands on `score` or `probability`")]
    return []


def _segment_issues(rule: DecisionRule, document: ModelDocument, artifact: Artifact | None, at: str) -> list[Issue]:
    name = rule.segment_by
    if name is None:
        return [Issue(pointer=f"{at}/segment_by", message="name the input that `segment_bands` go by")] if rule.segment_bands else []
    if not rule.segment_bands:
        return [Issue(pointer=f"{at}/segment_bands", message=f"no value of {name!r} has bands of its own; give some, or leave `segment_by` out")]
    feature = next((one for one in document.features if one.name == name), None)
    if feature is None and (artifact is None or name not in artifact.features):
        known = ", ".join([one.name for one in document.features][:20]) or "none"
        return [Issue(pointer=f"{at}/segment_by", message=f"{name!r} is no declared input of this version; declared are {known}")]
    return [
        Issue(pointer=f"{at}/segment_bands/{_escaped(value)}", message=f"{value!r} is no declared value of {name!r}; declared are {', '.join(values[:20])}")
        for values in [_values(feature, artifact, name)]
        for value in rule.segment_bands
        if values and value not in values
    ]


def _values(feature: Feature | None, artifact: Artifact | None, name: str) -> list[str]:
    """Return an input's declared values as texts; none if any value is allowed."""
    if feature and feature.type == "boolean":
        return ["false", "true"]
    if feature and feature.categories:
        return feature.categories
    return [segment_text(one) or "" for one in artifact.categories.get(name, [])] if artifact else []


def segment_text(value: object) -> str | None:
    """Return a value of an input as rules write it; None if it has no text.

    >>> segment_text("north"), segment_text(True), segment_text(3.0), segment_text(2.5), segment_text(None)
    ('north', 'true', '3', '2.5', None)
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value) if math.isfinite(value) else None
    return str(value) if isinstance(value, int) else None


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
