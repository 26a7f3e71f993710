"""The vault. Each secret has its own data key (AES-256-GCM), wrapped by a versioned key-encryption key.

Two functions, `wrap` and `unwrap`, use the key-encryption keys: here with keys from the settings. A key service can implement the same two functions.
"""

import binascii
import secrets
from base64 import b64decode, b64encode
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.connectors.errors import BadKek, KeyUnreadable, NoKek
from backend.ports.secrets import Binding, Sealed, Secret

_KEY_BYTES, _NONCE_BYTES = 32, 12
_CANARY = b"tiltyard canary"


class KeyEncryption(Protocol):
    """Wraps data keys."""

    @property
    def versions(self) -> tuple[int, ...]:
        """Versions of the available keys; the first one wraps."""
        ...

    async def wrap(self, version: int, data_key: bytes, place: bytes) -> bytes:
        """Encrypt a data key for its place with the key of that version."""
        ...

    async def unwrap(self, version: int, wrapped: bytes, place: bytes) -> bytes:
        """Decrypt a data key. Raises KeyUnreadable."""
        ...


class LocalKeys:
    """Key-encryption keys held by this process, from `TILTYARD_KEK`."""

    def __init__(self, setting: str | None) -> None:
        """`setting` is `version:base64,…`. Raises BadKek with a message that contains nothing of the keys."""
        self._keys: dict[int, bytes] = {}
        for entry in filter(None, (part.strip() for part in (setting or "").split(","))):
            version, key = _parse(entry)
            if version in self._keys:
                raise BadKek(f"TILTYARD_KEK has two keys of version {version}; give each its own version.")
            self._keys[version] = key

    @property
    def versions(self) -> tuple[int, ...]:
        """Versions of the available keys; the first one wraps."""
        return tuple(self._keys)

    async def wrap(self, version: int, data_key: bytes, place: bytes) -> bytes:
        """Encrypt a data key for its place."""
        return _encrypt(self._keys[version], data_key, place)

    async def unwrap(self, version: int, wrapped: bytes, place: bytes) -> bytes:
        """Decrypt a data key. Raises KeyUnreadable."""
        if version not in self._keys:
            raise KeyUnreadable(
                f"The stored key needs version {version} of TILTYARD_KEK. This process does not have that version. Add it, or enter the key again."
            )
        return _decrypt(self._keys[version], wrapped, place)


class AesVault:
    """Secrets under their own data keys."""

    def __init__(self, keys: KeyEncryption) -> None:
        self._keys = keys

    @property
    def current(self) -> int | None:
        """The version that wraps new secrets."""
        return self._keys.versions[0] if self._keys.versions else None

    async def seal(self, secret: Secret, binding: Binding) -> Sealed:
        """Encrypt for one place and one origin. Raises NoKek."""
        version = self._current()
        data_key = AESGCM.generate_key(bit_length=256)
        ciphertext = _encrypt(data_key, secret.reveal().encode(), binding.whole())
        return Sealed(version, await self._keys.wrap(version, data_key, binding.place()), ciphertext)

    async def open(self, sealed: Sealed, binding: Binding) -> Secret:
        """Decrypt a secret. Raises KeyUnreadable."""
        data_key = await self._keys.unwrap(sealed.kek_version, sealed.wrapped_key, binding.place())
        return Secret(_decrypt(data_key, sealed.ciphertext, binding.whole()).decode())

    async def rewrap(self, sealed: Sealed, binding: Binding) -> Sealed:
        """Wrap the data key by the current version. Raises NoKek, KeyUnreadable."""
        version = self._current()
        data_key = await self._keys.unwrap(sealed.kek_version, sealed.wrapped_key, binding.place())
        return Sealed(version, await self._keys.wrap(version, data_key, binding.place()), sealed.ciphertext)

    async def canaries(self) -> dict[int, bytes]:
        """Return a sealed known text for each available key."""
        return {version: await self._keys.wrap(version, _CANARY, _CANARY) for version in self._keys.versions}

    async def recognises(self, version: int, canary: bytes) -> bool:
        """Return whether the canary was sealed by this key."""
        try:
            return await self._keys.unwrap(version, canary, _CANARY) == _CANARY
        except KeyUnreadable:
            return False

    def _current(self) -> int:
        if self.current is None:
            raise NoKek
        return self.current


def new_key(version: int) -> str:
    """Return a new key-encryption key in the form of `TILTYARD_KEK`."""
    return f"{version}:{b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}"


def _parse(entry: str) -> tuple[int, bytes]:
    version, _, encoded = entry.partition(":")
    try:
        number, key = int(version), b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        number, key = 0, b""
    if number < 1 or len(key) != _KEY_BYTES:
        raise BadKek(
            "TILTYARD_KEK is a comma-separated list of `version:base64`; each key has 32 bytes and a version from 1. `tiltyard connectors new-kek` makes one."
        )
    return number, key


def _encrypt(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def _decrypt(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError):
        raise KeyUnreadable from None
