"""The lot of an exploration: a number that anybody can draw again, from what the log keeps."""

import hashlib
from uuid import UUID

SCALE = float(2**53)


def lot_of(exploration_id: UUID, salt: str, key: str) -> float:
    """Return the lot, in [0, 1): 53 bits of BLAKE2b-512 (RFC 7693) over the exploration's id, the group's salt, a zero byte, and the key.

    The key is the applicant's `entity_key`, so that asking again draws the same lot; without one it is the inference id. The lot reads no input.

    >>> lot_of(UUID(int=1), "2f9d", "client-1") == lot_of(UUID(int=1), "2f9d", "client-1") != lot_of(UUID(int=2), "2f9d", "client-1")
    True
    """
    digest = hashlib.blake2b(exploration_id.bytes + salt.encode() + b"\x00" + key.encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / SCALE
