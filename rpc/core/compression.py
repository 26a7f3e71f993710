"""Compression of whole answers (gzip, RFC 1952). A stream is never compressed: its lines would be held back until a block is full."""

import asyncio
import gzip

from rpc.core.asgi import Headers

LEAST = 1_400
"""Bytes under which nothing is gained: the answer fits one packet anyway."""
LARGE = 256 * 1024
"""Bytes from which compressing takes long enough to be kept off the event loop."""
LEVEL = 4

VARY = (b"vary", b"accept-encoding")
ENCODED = (b"content-encoding", b"gzip")


def accepts_gzip(accept_encoding: str) -> bool:
    """Does the client take gzip?

    >>> accepts_gzip("gzip, deflate, br"), accepts_gzip("br"), accepts_gzip("gzip;q=0, *")
    (True, False, False)
    """
    for part in accept_encoding.lower().split(","):
        name, _, weight = part.strip().partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


async def compress(body: bytes, accept_encoding: str) -> tuple[bytes, Headers]:
    """The body as it is sent, and the headers that say how."""
    if len(body) < LEAST:
        return body, []
    if not accepts_gzip(accept_encoding):
        return body, [VARY]
    if len(body) < LARGE:
        return gzip.compress(body, LEVEL, mtime=0), [VARY, ENCODED]
    return await asyncio.to_thread(gzip.compress, body, LEVEL, mtime=0), [VARY, ENCODED]
