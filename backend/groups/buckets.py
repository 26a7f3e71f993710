"""From a routing key to a bucket, by a named and versioned hash, so that anybody can recompute a past decision."""

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
    """The bucket, 0 to 9 999: the first 8 bytes, big-endian, of BLAKE2b-512 (RFC 7693) over salt, a zero byte, key, modulo 10 000.

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
"""The propensity of a row whose version was named by its caller: the split would not have chosen it, and no estimate from the split may use it."""

SEGMENT = "segments."


class MemberFacts(Shape, frozen=True, kw_only=True):
    """A version's place, as the database tells it."""

    version_id: UUID
    role: Role
    share: int
    ranges: list[BucketRange]


def owners(members: Sequence[MemberFacts]) -> bytes:
    """For each of the 10 000 buckets the index of the member whose ranges hold it; a bucket in no range is the champion's."""
    champion = next(at for at, member in enumerate(members) if member.role == "champion")
    owner = bytearray([champion]) * BUCKETS
    for at, member in enumerate(members):
        for span in member.ranges:
            owner[span.start : span.end] = bytes([at]) * (span.end - span.start)
    return bytes(owner)
