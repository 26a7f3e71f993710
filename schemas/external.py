"""A version that is an external language model, asked through a connector."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.catalog import Semver
from schemas.common import Shape, Slug
from schemas.model_document import ModelDocument

Prompt = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]


class ExternalModel(Shape, frozen=True, kw_only=True):
    """The model to ask, the request, and the form of its answer. It is stored and identified by its SHA-256 like any artifact.

    In `prompt` each `{{feature}}` stands for that input's value, written as JSON. `answer` is the kind of answer: a `probability` of the positive class, a
    `value` between `minimum` and `maximum`, or a `label`, one of two `classes` (the second is positive).
    """

    connector_id: UUID
    model: Annotated[str, msgspec.Meta(min_length=1, max_length=200, description="The provider's name for it.")]
    instructions: Annotated[Prompt, msgspec.Meta(description="Instructions for the model before each prompt.")]
    prompt: Prompt
    answer: Literal["probability", "value", "label"] = "probability"
    classes: Annotated[list[str], msgspec.Meta(max_length=2, description="For `label`: the negative and the positive class.")] = []
    minimum: float | None = None
    maximum: float | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = 0.0
    """null for models without a temperature."""
    timeout_ms: Annotated[int, msgspec.Meta(ge=100, le=120_000, description="Milliseconds in total, including retries.")] = 20_000
    retries: Annotated[int, msgspec.Meta(ge=0, le=3, description="Number of retries while a provider is down or busy.")] = 1


class CreateExternalVersion(Shape, frozen=True, kw_only=True):
    """A new version that answers through a connector, ready at once: there is nothing to upload."""

    model: Slug
    version: Semver
    document: ModelDocument
    external: ExternalModel
