"""A vault for secrets."""

from typing import Protocol

from backend.ports.secrets import Binding, Sealed, Secret


class Vault(Protocol):
    """Keeps stored secrets unreadable."""

    @property
    def current(self) -> int | None:
        """The version of the key-encryption key for new secrets; None when nothing can be stored."""
        ...

    async def seal(self, secret: Secret, binding: Binding) -> Sealed:
        """Encrypt for one place and one origin. Raises NoKek."""
        ...

    async def open(self, sealed: Sealed, binding: Binding) -> Secret:
        """Decrypt. Raises KeyUnreadable when it was sealed for another place, or its key-encryption key is not available."""
        ...

    async def rewrap(self, sealed: Sealed, binding: Binding) -> Sealed:
        """Return the same ciphertext with its data key wrapped by the current key-encryption key. Raises NoKek, KeyUnreadable."""
        ...

    async def canaries(self) -> dict[int, bytes]:
        """Return a known text sealed by each available key-encryption key."""
        ...

    async def recognises(self, version: int, canary: bytes) -> bool:
        """Return whether the available key-encryption key of that version sealed the canary."""
        ...
