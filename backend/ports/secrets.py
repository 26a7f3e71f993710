"""A secret as it travels inside the process, and sealed, as it is stored."""

import base64
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import quote
from uuid import UUID

import msgspec

_RUN = 6
"""So many characters of a secret in a row give it away."""
_SHORTEST = 8
"""Less is a placeholder, as servers without keys are given: "none", "ollama"."""


class Secret:
    """A value that shows itself only to whoever calls `reveal`: not in `repr`, a log line, JSON or a pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value; for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")

    def redact(self, text: str) -> str:
        """The text with every run of six or more characters of the secret, plain, reversed, in base64 or URL-quoted, replaced by `[…]`."""
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
    """What a sealed secret belongs to. Opened for anything else it is unreadable: authenticated, not encrypted (AAD of AES-GCM)."""

    connector_id: UUID
    field: str
    provider: str
    origin: str

    def place(self) -> bytes:
        """The connector and the field: what holds while a secret is wrapped anew."""
        return msgspec.json.encode(["tiltyard data key", str(self.connector_id), self.field])

    def whole(self) -> bytes:
        """The place, the provider and the origin that the secret may be sent to."""
        return msgspec.json.encode(["tiltyard secret", str(self.connector_id), self.field, self.provider, self.origin])


@dataclass(frozen=True)
class Sealed:
    """A secret as it is stored: encrypted by a key of its own, which is encrypted by the key-encryption key of that version."""

    kek_version: int
    wrapped_key: bytes
    ciphertext: bytes


@dataclass(frozen=True)
class Access:
    """How a provider is reached: everything a call to it needs."""

    provider: str
    base_url: str
    key: Secret
