"""Protection of the cookie session: only requests that another site cannot make a browser send may change data."""

from collections.abc import Collection
from urllib.parse import urlsplit

from rpc.core.context import Request
from rpc.core.errors import CrossSite

HEADER = "x-tiltyard"
"""A custom header. A browser sends it across sites only after a preflight, which the hub answers only to allowed origins."""


def bearer(request: Request) -> str | None:
    """Return the token of `Authorization: Bearer …`; None for an empty one, or another scheme."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def check_origin(request: Request, allowed: Collection[str] = ()) -> None:
    """Raise CrossSite when a request other than GET may come from another site's page, unless that site's origin is `allowed`."""
    if request.method == "GET" or HEADER in request.headers or bearer(request) or request.headers.get("origin") in allowed:
        return
    if not same_origin(request, default="cookie" not in request.headers):
        raise CrossSite


def check_socket(request: Request, allowed: Collection[str]) -> None:
    """Raise CrossSite when a WebSocket comes from another site's page. Browsers always send the origin; a client without it is no browser."""
    origin = request.headers.get("origin")
    if origin is not None and origin not in allowed and _netloc(origin) != request.headers.get("host"):
        raise CrossSite("The WebSocket comes from another site's page. Allow its origin in the hub's settings, or connect from the hub's own pages.")


def same_origin(request: Request, *, default: bool) -> bool:
    """Return whether the browser says that the request comes from our own page; `default` when it says nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is not None:
        return _netloc(origin) == request.headers.get("host")
    return default


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
