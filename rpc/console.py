"""The web console's built files at `/`. Every address that is no file is the application's own: its router takes it from there."""

from collections.abc import Sequence
from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

CONSOLE = Path(__file__).resolve().parents[1] / "console" / "dist"
"""Where `make console` puts it."""
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
MISSING = b"The console is not built. Run `make console` in the checkout, then reload.\n"


def console_routes(folder: Path) -> Sequence[ControllerRouterHandler]:
    """Serve the folder; say what to do when it is not there."""

    @get("/", include_in_schema=False)
    async def page() -> Response[bytes]:
        """The console's page."""
        return answer("/")

    @get("/{path:path}", include_in_schema=False)
    async def console(path: FromPath[str]) -> Response[bytes]:
        """A built file, or the console's page."""
        return answer(path)

    def answer(path: str) -> Response[bytes]:
        file = _file(folder, path)
        if file is None:
            return Response(MISSING, status_code=503, media_type="text/plain")
        cache = "public, max-age=31536000, immutable" if "/assets/" in path else "no-cache"
        return Response(file.read_bytes(), media_type=TYPES.get(file.suffix, "application/octet-stream"), headers={**HEADERS, "cache-control": cache})

    return [page, console]


def _file(folder: Path, path: str) -> Path | None:
    """The file at the path, never outside the folder; else the page."""
    wanted = (folder / path.lstrip("/")).resolve()
    if wanted.is_file() and wanted.is_relative_to(folder.resolve()):
        return wanted
    page = folder / "index.html"
    return page if page.is_file() else None
