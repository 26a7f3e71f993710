"""A vault for secrets."""

from typing import Protocol

from backend.ports.secrets import Binding, Sealed, Secret


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
