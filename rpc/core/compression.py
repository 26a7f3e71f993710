"""Compression of whole answers (gzip, RFC 1952). A stream is never compressed: its lines would wait until a block is full."""

import asyncio
import gzip

from rpc.core.asgi import Headers

LEAST = 1_400
"""Bytes. Below this nothing is gained: the answer fits one packet anyway."""
LARGE = 256 * 1024
"""Bytes. From this size compression runs outside the event loop, because it takes long."""
LEVEL = 4

VARY = (b"vary", b"accept-encoding")
ENCODED = (b"content-encoding", b"gzip")


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether the client accepts gzip.

    >>> accepts_gzip("gzip, deflate, br"), accepts_gzip("br"), accepts_gzip("gzip;q=0, *")
    (True, False, False)
    """
    for part in accept_encoding.lower().split(","):
        name, _, weight = part.strip().partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


async def compress(body: bytes, accept_encoding: str) -> tuple[bytes, Headers]:
    """Return the compressed body, and the headers that describe it."""
    if len(body) < LEAST:
        return body, []
    if not accepts_gzip(accept_encoding):
        return body, [VARY]
    if len(body) < LARGE:
        return gzip.compress(body, LEVEL, mtime=0), [VARY, ENCODED]
    return await asyncio.to_thread(gzip.compress, body, LEVEL, mtime=0), [VARY, ENCODED]
