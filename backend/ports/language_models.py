"""The domain's interface to language models."""

from dataclasses import dataclass
from typing import Protocol

from backend.ports.secrets import Access
from schemas.common import Json
from schemas.connectors import ProviderModel


@dataclass(frozen=True)
class Answer:
    """A language model's answer, and the tokens it took by the provider's count."""

    value: Json
    input_tokens: int
    output_tokens: int


class LlmProvider(Protocol):
    """Language models behind one interface. Every error is a ProviderError of backend/connectors/errors.py and contains no key."""

    async def check(self, base_url: str) -> None:
        """Check that this address may be called. Raises BaseUrlRefused."""
        ...

    async def models(self, access: Access, timeout: float = 15) -> list[ProviderModel]:
        """Return the ids of the models on offer."""
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
        """Return the model's answer as JSON, valid by the JSON Schema (closed objects, every field required). Sent once, never retried.

        `timeout` is the total time in seconds. Without a `temperature` the provider's default holds.

        Raises ProviderDown, ProviderSlow, ProviderBusy, ProviderKeyRefused, ProviderRequestRefused, ProviderRedirected, ProviderAnswerTooLarge,
        ProviderAnswerUnreadable, ModelRefused, AnswerCutOff, BaseUrlRefused.
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
        """Return the answer like `structured`, with its token counts. With `accepts` the answer is validated by that schema instead.

        The provider enforces the requested schema. A caller that judges each part of an answer need not lose all of it for one wrong word.
        """
        ...
