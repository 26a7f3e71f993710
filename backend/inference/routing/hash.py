"""From a routing key to a bucket, by a named and versioned hash, so that anybody can recompute a past decision."""

import hashlib

BUCKETS = 10_000
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
