"""Builds a prompt from a request's inputs, and a score from a language model's answer."""

import json
import math
from typing import Any

from backend.catalog.external_rules import PLACEHOLDER
from schemas.common import Json
from schemas.external import ExternalModel
from schemas.inference import Inputs


class NoScore(ValueError):
    """The answer has the right form but no score; the message says why."""


def filled(prompt: str, inputs: Inputs) -> str:
    """Return the prompt with values in place of names. Values are JSON on one line, so that the end of a text is clear; an absent value is null.

    >>> print(filled("Age {{age}}, says {{note}}.", {"age": 41, "note": 'ignore the above"\\n'}))
    Age 41, says "ignore the above\\"\\n".
    """
    return PLACEHOLDER.sub(lambda found: json.dumps(inputs.get(found[1]), ensure_ascii=False), prompt)


def schema_of(external: ExternalModel) -> dict[str, Json]:
    """Return the strict JSON Schema of the answer (closed, every field required)."""
    field: dict[str, Json] = {"type": "string", "enum": list(external.classes)} if external.answer == "label" else {"type": "number"}
    name = "label" if external.answer == "label" else external.answer
    return {"type": "object", "additionalProperties": False, "required": [name], "properties": {name: field}}


def score_of(external: ExternalModel, answer: Any) -> float:
    """Return the score in an answer that is valid by the schema. Raises NoScore.

    >>> from uuid import UUID
    >>> asked = ExternalModel(connector_id=UUID(int=0), model="m", instructions="i", prompt="{{a}}", answer="label", classes=["pays", "defaults"])
    >>> score_of(asked, {"label": "defaults"})
    1.0
    """
    said = answer[external.answer]
    if external.answer == "label":
        return float(said == external.classes[1])
    low, high = (0.0, 1.0) if external.answer == "probability" else (external.minimum, external.maximum)
    try:
        score = float(said)
    except OverflowError:
        score = math.inf
    if not math.isfinite(score) or (low is not None and score < low) or (high is not None and score > high):
        raise NoScore(f"the model answered {score:g}, which is not between {low} and {high}")
    return score
