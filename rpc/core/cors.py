"""Answers to pages of other sites on an allow-list."""

from collections.abc import Collection

from rpc.core.asgi import Headers
from rpc.core.context import Request

PREFLIGHT = [
    ("access-control-allow-methods", "GET, POST"),
    ("access-control-allow-headers", "authorization, content-type, trpc-accept, x-tiltyard, last-event-id"),
    ("access-control-max-age", "600"),
]


def headers(request: Request, allowed: Collection[str]) -> Headers:
    """Return the headers that let the asking page read the answer, if its origin is allowed."""
    told = [(b"vary", b"origin")]
    origin = request.headers.get("origin")
    if origin in allowed and origin is not None:
        told += [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", b"x-request-id, x-tiltyard-contract, retry-after"),
        ]
    return told
