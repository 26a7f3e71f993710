"""A version that is a language model elsewhere, asked through a connector."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.catalog import Semver
from schemas.common import Shape, Slug
from schemas.model_document import ModelDocument

Prompt = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]


class ExternalModel(Shape, frozen=True, kw_only=True):
    """Which model is asked, what, and what it must answer. It is stored and pinned by its SHA-256 as any artifact is.

    In `prompt` each `{{feature}}` stands for that input's value, written as JSON. `answer` says what comes back: a `probability` of the positive
    class, a `value` between `minimum` and `maximum`, or a `label`, one of two `classes` of which the second is the positive one.
    """

    connector_id: UUID
    model: Annotated[str, msgspec.Meta(min_length=1, max_length=200, description="As the provider calls it.")]
    instructions: Annotated[Prompt, msgspec.Meta(description="What the model is told before each prompt.")]
    prompt: Prompt
    answer: Literal["probability", "value", "label"] = "probability"
    classes: Annotated[list[str], msgspec.Meta(max_length=2, description="For `label`: the negative and the positive class.")] = []
    minimum: float | None = None
    maximum: float | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = 0.0
    """null for models that take none."""
    timeout_ms: Annotated[int, msgspec.Meta(ge=100, le=120_000, description="For everything, retries included.")] = 20_000
    retries: Annotated[int, msgspec.Meta(ge=0, le=3, description="How often a provider that is down or busy is asked again.")] = 1


class CreateExternalVersion(Shape, frozen=True, kw_only=True):
    """A new version that answers through a connector. It is ready at once: there is nothing to upload."""

    model: Slug
    version: Semver
    document: ModelDocument
    external: ExternalModel
