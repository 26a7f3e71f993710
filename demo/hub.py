"""A small client of the hub's public interfaces: procedures under `/rpc`, predictions, outcomes and uploads under `/v1`. Standard library only."""

import http.client
import json
import threading
from typing import Any
from urllib.parse import quote, urlsplit

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
TIMEOUT = 30.0
BUSY = frozenset({429, 502, 503, 504})
"""Statuses of temporary failures: the call is repeated."""


class Refused(Exception):
    """The hub refused the call."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        """`reason` is for machines (`NOT_FOUND`), `message` for people."""
        super().__init__(f"{status} {reason}: {message}")
        self.status, self.reason = status, reason


class Stopped(Exception):
    """Stopped while waiting for the hub."""


class Hub:
    """Talks to one hub with one API token, over one kept-alive connection per thread. It waits for a restarting hub."""

    def __init__(self, url: str, token: str, stop: threading.Event) -> None:
        """`stop` ends every wait."""
        self.url = url.rstrip("/")
        self._path = urlsplit(self.url).path
        self._stop = stop
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._own = threading.local()

    def query(self, procedure: str, **given: Any) -> Any:
        """Call a query by its dotted name."""
        suffix = f"?input={quote(json.dumps(given))}" if given else ""
        return self._call("GET", f"/rpc/{procedure}{suffix}", None)["result"].get("data")

    def mutate(self, procedure: str, **given: Any) -> Any:
        """Call a mutation by its dotted name."""
        return self._call("POST", f"/rpc/{procedure}", json.dumps(given).encode())["result"].get("data")

    def post(self, path: str, body: Any) -> Any:
        """Post JSON to a `/v1` address."""
        return self._call("POST", path, json.dumps(body).encode())

    def upload(self, path: str, content: bytes) -> Any:
        """Post bytes to a `/v1` address."""
        return self._call("POST", path, content, {"Content-Type": "application/octet-stream"})

    def _call(self, method: str, path: str, body: bytes | None, headers: dict[str, str] | None = None) -> Any:
        pause = FIRST_PAUSE
        while True:
            try:
                status, content = self._once(method, path, body, self._headers | (headers or {}))
            except (OSError, http.client.HTTPException):
                self._drop()
                status, content = 503, b""
            if status < 400:
                return json.loads(content)
            if status not in BUSY:
                raise refusal(status, content)
            if self._stop.wait(pause):
                raise Stopped
            pause = min(pause * 2, LONGEST_PAUSE)

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        connection: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._connect()
        connection.request(method, self._path + path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.netloc, timeout=TIMEOUT)

    def _drop(self) -> None:
        self._own.connection.close()
        self._own.connection = None


def refusal(status: int, content: bytes) -> Refused:
    """Return the refusal in an answer, from either of the two error bodies."""
    try:
        error = json.loads(content)["error"]
        told = error.get("data", error)
        where = "".join(f" ({issue['pointer']}: {issue['message']})" for issue in told.get("issues", []))
        return Refused(status, told.get("reason") or told["code"], error["message"] + where)
    except (ValueError, KeyError, TypeError):
        return Refused(status, "UNREADABLE", content[:200].decode(errors="replace"))
