"""Pure checks of a language model version's request."""

import re

from schemas.common import Issue
from schemas.external import ExternalModel

MOST_FEATURES = 500


def problems(external: ExternalModel) -> list[Issue]:
    """Return the problems, each with its pointer."""
    found: list[Issue] = []
    features = features_of(external.prompt)
    if not features or "" in features:
        found.append(Issue(pointer="/external/prompt", message="write each input as {{feature}} at the place of its value"))
    if len(features) > MOST_FEATURES or any(len(name) > 200 for name in features):
        found.append(Issue(pointer="/external/prompt", message=f"at most {MOST_FEATURES} features, of at most 200 characters each"))
    if external.answer == "label" and (len(set(external.classes)) != 2 or not all(external.classes)):
        found.append(Issue(pointer="/external/classes", message="a label needs two different classes; the second is positive"))
    if external.minimum is not None and external.maximum is not None and external.minimum >= external.maximum:
        found.append(Issue(pointer="/external/maximum", message="the maximum must be above the minimum"))
    return found


PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


def features_of(prompt: str) -> list[str]:
    """Return the features that a prompt names, in order.

    >>> features_of("Age {{age}}, says {{ what the applicant says }}; again {{age}}")
    ['age', 'what the applicant says']
    """
    return list(dict.fromkeys(PLACEHOLDER.findall(prompt)))
