"""The bucket of a routing key, by a named and versioned hash. Anybody can recompute a past decision."""

import hashlib
from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from schemas.common import Shape
from schemas.groups import BucketRange

BUCKETS = 10_000
Role = Literal["champion", "challenger", "shadow"]
NAME = "blake2b-64/v1"


def bucket_of(salt: str, routing_key: str) -> int:
    """Return the bucket, 0 to 9 999: the first 8 bytes, big-endian, of BLAKE2b-512 (RFC 7693) over salt, a zero byte, key, modulo 10 000.

    Salt and key are UTF-8. Test vectors:

    >>> bucket_of("", "")
    4037
    >>> bucket_of("2f9d", "client-1"), bucket_of("2f9d", "client-2"), bucket_of("3f9d", "client-1")
    (8182, 3469, 8065)
    >>> bucket_of("2f9d", "Zoë")
    5904
    """
    digest = hashlib.blake2b(salt.encode() + b"\x00" + routing_key.encode()).digest()
    return int.from_bytes(digest[:8], "big") % BUCKETS


PREFERRED = 0.0
"""The propensity of a row whose caller named the version. The split would not have chosen that version, so estimates from the split must leave the row out."""

SEGMENT = "segments."


class MemberFacts(Shape, frozen=True, kw_only=True):
    """A member's facts from the database."""

    version_id: UUID
    role: Role
    share: int
    ranges: list[BucketRange]


def owners(members: Sequence[MemberFacts]) -> bytes:
    """Return, for each of the 10 000 buckets, the index of the member that owns it. A bucket in no range belongs to the champion."""
    champion = next(at for at, member in enumerate(members) if member.role == "champion")
    owner = bytearray([champion]) * BUCKETS
    for at, member in enumerate(members):
        for span in member.ranges:
            owner[span.start : span.end] = bytes([at]) * (span.end - span.start)
    return bytes(owner)
