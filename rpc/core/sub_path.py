"""A hub under a part of a host, `https://example.com/tiltyard`: the part is taken off a request's path where the proxy left it on."""

from rpc.core.asgi import Scope


class SubPath:
    """The part of the public address after the host, `/tiltyard`; empty where the hub has the host to itself."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._raw = root.encode()

    def of_hub(self, scope: Scope) -> Scope:
        """Return the request as the hub's own addresses have it. What has no such beginning stays as it is: the proxy has taken it off."""
        path: str = scope["path"]
        if not self.root or not _within(path, self.root):
            return scope
        raw: bytes = scope.get("raw_path") or b""
        inner = raw[len(self._raw) :] if raw.startswith(self._raw) else path[len(self.root) :].encode("utf-8", "surrogateescape")
        return {**scope, "path": path[len(self.root) :] or "/", "raw_path": inner or b"/"}

    def of_target(self, target: bytes) -> bytes:
        """Return a request's target without it."""
        return target[len(self._raw) :] if self.root and target.startswith(self._raw + b"/") else target


def _within(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root}/")
