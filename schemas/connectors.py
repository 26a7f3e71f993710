"""Connectors: a provider of language models and its key. A stored key is never shown."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.common import Name, Shape

ApiKey = Annotated[
    str,
    msgspec.Meta(min_length=1, max_length=1000, pattern=r"^[\x21-\x7e]+$(?!\n)", description="Stored encrypted; no answer, log or audit entry contains it."),
]
BaseUrl = Annotated[str, msgspec.Meta(min_length=8, max_length=500, description="The address of an OpenAI-compatible API, up to and with `/v1`.")]


class Provider(StrEnum):
    """The provider of the API. `compatible` is any that speaks OpenAI's protocol: vLLM, Ollama, Azure, a gateway."""

    ANTHROPIC = "anthropic"
    COMPATIBLE = "compatible"
    GEMINI = "gemini"
    OPENAI = "openai"


class ConnectorTest(Shape, frozen=True, kw_only=True):
    """The result of asking the provider for its models. `reason` and `message` describe a failure."""

    at: datetime
    ok: bool
    latency_ms: int
    models: int | None = None
    reason: str | None = None
    message: str | None = None


class Connector(Shape, frozen=True, kw_only=True):
    """A connector without its key. `last4` is empty for a key that is too short to show."""

    id: UUID
    name: str
    provider: Provider
    base_url: str
    last4: str
    fine_tuning: bool
    created_at: datetime
    created_by: str
    rotated_at: datetime | None = None
    disabled_at: datetime | None = None
    last_test: ConnectorTest | None = None
    used_by: list[str] = []
    """Its users (`mapping:…`, `job:…`); with any, it cannot be deleted."""


class CreateConnector(Shape, frozen=True, kw_only=True):
    """A new connector. `base_url` is for `compatible`, and only for it."""

    name: Name
    provider: Provider
    api_key: ApiKey
    base_url: BaseUrl | None = None

    def __repr__(self) -> str:
        """Without the key."""
        return f"CreateConnector(name={self.name!r}, provider={self.provider!r}, base_url={self.base_url!r})"


class RotateConnector(Shape, frozen=True, kw_only=True):
    """A new key; for `compatible` optionally a new address, never without its key."""

    connector_id: UUID
    api_key: ApiKey
    base_url: BaseUrl | None = None

    def __repr__(self) -> str:
        """Without the key."""
        return f"RotateConnector(connector_id={self.connector_id!r}, base_url={self.base_url!r})"


class ConnectorRef(Shape, frozen=True, kw_only=True):
    """Which connector."""

    connector_id: UUID


class ProviderModel(Shape, frozen=True, kw_only=True):
    """A model that the provider offers; `shutdown_date` as announced by the provider."""

    id: str
    owned_by: str | None = None
    created_at: datetime | None = None
    shutdown_date: str | None = None


class DeletedConnector(Shape, frozen=True, kw_only=True):
    """The connector and its key are gone."""

    connector_id: UUID
