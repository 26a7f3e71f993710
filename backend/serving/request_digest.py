"""A short digest of data: the same for the same data, whatever the order of its fields."""

import hashlib
from typing import Any

import msgspec

_packed = msgspec.msgpack.Encoder(order="sorted").encode
_written = msgspec.json.Encoder(order="sorted").encode


def digest(said: Any) -> bytes:
    """Return the digest, 16 bytes."""
    try:
        raw = _packed(said)
    except OverflowError:  # a whole number over 64 bits, which msgpack lacks
        raw = _written(said)
    return hashlib.blake2b(raw, digest_size=16).digest()
