"""The differences between providers, in one table."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.connectors import Provider


class Structured(StrEnum):
    """The way to ask a provider for an answer with a given JSON Schema."""

    RESPONSE_FORMAT = "response_format"
    """`response_format: {type: json_schema}` of chat completions."""
    OUTPUT_CONFIG = "output_config"
    """`output_config.format` of Anthropic's own `/messages`: its compatible endpoint ignores `response_format`, and its newer models refuse forced tools."""


@dataclass(frozen=True)
class Traits:
    """One provider. `key_header` carries the key after `key_prefix`; `headers` go with each request."""

    base_url: str | None
    structured: Structured
    max_tokens_field: str
    fine_tuning: bool
    models_path: str = "/models"
    key_header: str = "authorization"
    key_prefix: str = "Bearer "
    headers: tuple[tuple[str, str], ...] = ()


TRAITS: dict[Provider, Traits] = {
    Provider.ANTHROPIC: Traits(
        base_url="https://api.anthropic.com/v1",
        structured=Structured.OUTPUT_CONFIG,
        max_tokens_field="max_tokens",
        fine_tuning=False,
        models_path="/models?limit=1000",
        key_header="x-api-key",
        key_prefix="",
        headers=(("anthropic-version", "2023-06-01"),),
    ),
    Provider.COMPATIBLE: Traits(base_url=None, structured=Structured.RESPONSE_FORMAT, max_tokens_field="max_tokens", fine_tuning=True),
    Provider.GEMINI: Traits(
        base_url="https://generativelanguage.googleapis.com/v1beta/openai",
        structured=Structured.RESPONSE_FORMAT,
        max_tokens_field="max_tokens",
        fine_tuning=False,
    ),
    Provider.OPENAI: Traits(
        base_url="https://api.openai.com/v1", structured=Structured.RESPONSE_FORMAT, max_tokens_field="max_completion_tokens", fine_tuning=True
    ),
}
