"""Language models, as the domain asks them."""

from dataclasses import dataclass
from typing import Protocol

from backend.ports.secrets import Access
from schemas.common import Json
from schemas.connectors import ProviderModel


@dataclass(frozen=True)
class Answer:
    """What a language model answered, and what it took as the provider counts."""

    value: Json
    input_tokens: int
    output_tokens: int


class LlmProvider(Protocol):
    """Language models behind one interface. Every error is a ProviderError of backend/connectors/errors.py and holds no key."""

    async def check(self, base_url: str) -> None:
        """May this address be called? Raises BaseUrlRefused."""
        ...

    async def models(self, access: Access, timeout: float = 15) -> list[ProviderModel]:
        """The models on offer, by id."""
        ...

    async def structured(
        self,
        access: Access,
        schema: dict[str, Json],
        system: str,
        user: str,
        *,
        model: str,
        max_output_tokens: int = 8192,
        timeout: float = 60,
        temperature: float | None = None,
    ) -> Json:
        """The model's answer as JSON that validates against the JSON Schema (closed objects, every field required). Asked once, never retried.

        `timeout` is in seconds, for everything; without a `temperature` the provider's own holds.

        Raises ProviderDown, ProviderSlow, ProviderBusy, ProviderKeyRefused, ProviderRequestRefused, ProviderRedirected,
        ProviderAnswerTooLarge, ProviderAnswerUnreadable, ModelRefused, AnswerCutOff, BaseUrlRefused.
        """
        ...

    async def answer(
        self,
        access: Access,
        schema: dict[str, Json],
        system: str,
        user: str,
        *,
        model: str,
        accepts: dict[str, Json] | None = None,
        max_output_tokens: int = 8192,
        timeout: float = 60,
        temperature: float | None = None,
    ) -> Answer:
        """As `structured`, with the tokens it took. With `accepts` the answer is held to that schema: the one asked for is the provider's to keep, and a caller
        that judges each part of an answer by itself need not lose all of it to one wrong word.
        """
        ...
