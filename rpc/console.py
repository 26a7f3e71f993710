"""The web console's built files at `/`. Browsers ask for HTML; that distinguishes a page of the console from an unknown address."""

import gzip
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from litestar import Request, Response, get, route
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from rpc.core.compression import accepts_gzip
from rpc.web import nothing_at

CONSOLE = Path(__file__).resolve().parents[1] / "console" / "dist"
"""The folder that `make console` writes."""
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".woff2": "font/woff2",
}
POLICY = (
    "default-src 'self'; img-src 'self' data:; font-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {"content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "same-origin"}
IMMUTABLE = "public, max-age=31536000, immutable"
COMPRESSED = frozenset({".css", ".html", ".js", ".json", ".svg", ".txt"})
NO_PAGES = frozenset(
    {"assets", "health", "healthz", "livez", "metrics", "ping", "readyz", "rpc", "startupz", "status", "v1", "v2", "api", "favicon.ico", "robots.txt"}
)
"""First parts of paths that are never a page."""
MISSING = b"The console is not built. Run `make console` in the checkout, then reload.\n"


def console_routes(folder: Path, root: str = "") -> Sequence[ControllerRouterHandler]:
    """Serve the folder, which browsers find under `root`; say what to do when it is not there."""

    @get("/", include_in_schema=False)
    async def page(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Return the console's page."""
        return answer("/", request)

    @get("/{path:path}", include_in_schema=False)
    async def console(path: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        """Return a built file, or the console's page."""
        return answer(path, request)

    @route("/{path:path}", http_method=["POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    async def nobodys(path: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        """Refuse an unknown address."""
        raise nothing_at(request.method, path)

    def answer(path: str, request: Request[Any, Any, Any]) -> Response[bytes]:
        file = _file(folder, path)
        if file is None or (file.name == "index.html" and not _is_page(path, request)):
            if (folder / "index.html").is_file() or not _is_page(path, request):
                raise nothing_at(request.method, path)
            return Response(MISSING, status_code=503, media_type="text/plain")
        headers = {**HEADERS, "cache-control": IMMUTABLE if "/assets/" in path else "no-cache"}
        body = _body(file, root)
        if file.suffix in COMPRESSED:
            headers["vary"] = "accept-encoding"
            if accepts_gzip(request.headers.get("accept-encoding", "")):
                headers["content-encoding"] = "gzip"
                body = _gzipped(file, root, file.stat().st_mtime_ns)
        return Response(body, media_type=TYPES.get(file.suffix, "application/octet-stream"), headers=headers)

    return [page, console, nobodys]


def _is_page(path: str, request: Request[Any, Any, Any]) -> bool:
    """Return whether this may be a page of the console. Probes, scrapers and addresses of files never get one."""
    first, _, rest = path.strip("/").partition("/")
    if not first or path == "/index.html":
        return True
    is_file = "." in (rest or first).rpartition("/")[2]
    return first not in NO_PAGES and not is_file and "text/html" in request.headers.get("accept", "")


def _body(file: Path, root: str) -> bytes:
    """Return the file; what the page names beside itself stands under `root`, whatever the page's own address is."""
    content = file.read_bytes()
    return content.replace(b'"./', f'"{root}/'.encode()) if file.name == "index.html" else content


@lru_cache(maxsize=500)
def _gzipped(file: Path, root: str, _changed_at: int) -> bytes:
    """Return the file compressed, once for each time it was built."""
    return gzip.compress(_body(file, root), mtime=0)


def _file(folder: Path, path: str) -> Path | None:
    """Return the file at the path, never outside the folder; else the page."""
    wanted = (folder / path.lstrip("/")).resolve()
    if wanted.is_file() and wanted.is_relative_to(folder.resolve()):
        return wanted
    page = folder / "index.html"
    return page if page.is_file() else None
