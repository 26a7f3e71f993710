"""Secrets: as values inside the process, and sealed for storage."""

import base64
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import quote
from uuid import UUID

import msgspec

_RUN = 6
"""Consecutive characters of a secret that would give it away."""
_SHORTEST = 8
"""A shorter secret is a placeholder for servers without keys: "none", "ollama"."""


class Secret:
    """A value that only `reveal` shows: never `repr`, a log line, JSON or a pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value; for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")

    def redact(self, text: str) -> str:
        """Return the text with `[…]` for every run of six or more characters of the secret, plain, reversed, in base64 or URL-quoted."""
        if len(self._value) < _SHORTEST:
            return text
        hidden = [False] * len(text)
        for form in self._forms():
            for at in range(len(text) - _RUN + 1):
                if text[at : at + _RUN].lower() in form:
                    hidden[at : at + _RUN] = [True] * _RUN
        parts: list[str] = []
        for character, gone in zip(text, hidden, strict=True):
            if not gone:
                parts.append(character)
            elif not parts or parts[-1] != "[…]":
                parts.append("[…]")
        return "".join(parts)

    def _forms(self) -> list[str]:
        value = self._value
        encoded = [base64.b64encode(b" " * shift + value.encode()).decode()[4 if shift else 0 :].rstrip("=") for shift in range(3)]
        return [form.lower() for form in (value, value[::-1], quote(value, safe=""), *encoded)]


@dataclass(frozen=True)
class Binding:
    """The owner of a sealed secret. For any other owner it is unreadable: authenticated, not encrypted (AAD of AES-GCM)."""

    connector_id: UUID
    field: str
    provider: str
    origin: str

    def place(self) -> bytes:
        """The connector and the field; this stays the same when a secret is rewrapped."""
        return msgspec.json.encode(["tiltyard data key", str(self.connector_id), self.field])

    def whole(self) -> bytes:
        """The place, and the provider and origin that may receive the secret."""
        return msgspec.json.encode(["tiltyard secret", str(self.connector_id), self.field, self.provider, self.origin])


@dataclass(frozen=True)
class Sealed:
    """A stored secret: encrypted by its own key, which the key-encryption key of that version encrypts."""

    kek_version: int
    wrapped_key: bytes
    ciphertext: bytes


@dataclass(frozen=True)
class Access:
    """A provider's address and key: everything a call needs."""

    provider: str
    base_url: str
    key: Secret
