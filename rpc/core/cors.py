"""Answers to pages of other sites, where an allow-list names them."""

from collections.abc import Collection

from rpc.core.context import Request

PREFLIGHT = [
    ("access-control-allow-methods", "GET, POST"),
    ("access-control-allow-headers", "authorization, content-type, trpc-accept, x-tiltyard, last-event-id"),
    ("access-control-max-age", "600"),
]


def headers(request: Request, allowed: Collection[str]) -> list[tuple[str, str]]:
    """What lets the page that asks read the answer, if its origin is allowed."""
    told = [("vary", "origin")]
    origin = request.headers.get("origin")
    if origin in allowed and origin is not None:
        told += [
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            ("access-control-expose-headers", "x-request-id, x-tiltyard-contract, retry-after"),
        ]
    return told
