"""Protection of the cookie session: a request that changes things must be one that another site cannot make a browser send."""

from urllib.parse import urlsplit

from rpc.core.context import Request
from rpc.core.errors import CrossSite

HEADER = "x-tiltyard"
"""A custom header: a browser sends one across sites only after a preflight, which the hub never answers."""


def check_origin(request: Request) -> None:
    """Raises CrossSite when a request that is not a GET may come from another site's page."""
    if request.method == "GET" or HEADER in request.headers or "authorization" in request.headers:
        return
    if not same_origin(request, default="cookie" not in request.headers):
        raise CrossSite


def same_origin(request: Request, *, default: bool) -> bool:
    """Does the browser say that the request comes from our own page? `default` when it says nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.headers.get("host")
    return default
