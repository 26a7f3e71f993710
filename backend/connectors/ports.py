"""What connectors need of the outside: a vault, and language models."""

from dataclasses import dataclass
from typing import Protocol

from backend.connectors.secret import Access, Binding, Sealed, Secret
from schemas.common import Json
from schemas.connectors import ProviderModel


class Vault(Protocol):
    """Keeps secrets unreadable where they are stored."""

    @property
    def current(self) -> int | None:
        """The version of the key-encryption key that new secrets are wrapped by; None: nothing can be stored."""
        ...

    async def seal(self, secret: Secret, binding: Binding) -> Sealed:
        """Encrypt for one place and one origin. Raises NoKek."""
        ...

    async def open(self, sealed: Sealed, binding: Binding) -> Secret:
        """Decrypt. Raises KeyUnreadable when it was sealed for anything else, or by a key-encryption key that is not at hand."""
        ...

    async def rewrap(self, sealed: Sealed, binding: Binding) -> Sealed:
        """The same ciphertext with its data key wrapped by the current key-encryption key. Raises NoKek, KeyUnreadable."""
        ...

    async def canaries(self) -> dict[int, bytes]:
        """For each key-encryption key at hand, a known text sealed by it."""
        ...

    async def recognises(self, version: int, canary: bytes) -> bool:
        """Is the key-encryption key of that version at hand the one that sealed the canary?"""
        ...


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
