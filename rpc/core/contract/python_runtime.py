"""A typed client of a Tiltyard hub, for Python 3.11 and newer. One file; needs httpx.

with Tiltyard("http://127.0.0.1:8321", token="tyd_…") as hub: for group in hub.groups.list(): print(group["slug"])

`AsyncTiltyard` is the same with `async with` and `await`. Inputs are keyword arguments, outputs typed dictionaries. A refused call raises a HubError; every
declared error has its own class (`except GroupNotFound`).
"""

from __future__ import annotations

import asyncio
import json
import time
import warnings
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date
from typing import Any, Self, TypedDict
from uuid import UUID

import httpx

_RETRY_SECONDS = 1.0
_RETRYABLE = -32603


class ErrorIssue(TypedDict):
    """One problem of an input: its place (a JSON Pointer, RFC 6901) and a message."""

    pointer: str
    message: str


class HubError(Exception):
    """The hub refused a call, or failed. `reason` names the error; quote `request_id` when you ask for help."""

    def __init__(self, shape: Mapping[str, Any]) -> None:
        """`shape` is the error from the wire."""
        self.data: Mapping[str, Any] = shape.get("data") or {}
        self.message: str = shape.get("message", "")
        self.number: int = shape.get("code", 0)
        self.code: str = self.data.get("code", "")
        self.reason: str = self.data.get("reason", "")
        self.http_status: int = self.data.get("httpStatus", 0)
        self.issues: list[ErrorIssue] = self.data.get("issues", [])
        self.request_id: str = self.data.get("requestId", "")
        self.path: str | None = self.data.get("path")
        super().__init__(f"{self.reason or self.code}: {self.message}")


class ContractChanged(UserWarning):
    """The hub's procedures differ from those that this file was generated from."""


class _Hub:
    """The common part of both clients: writes calls and reads answers."""

    def __init__(self, url: str, token: str | None) -> None:
        self._base = f"{url.rstrip('/')}/rpc/"
        self._headers = {"x-tiltyard": "1"} | ({"authorization": f"Bearer {token}"} if token else {})
        self._warned = False

    def _query(self, path: str, given: Any) -> dict[str, Any]:
        params = {} if given is _NOTHING else {"input": _json(given)}
        return {"method": "GET", "url": self._base + path, "params": params, "headers": self._headers}

    def _mutation(self, path: str, given: Any) -> dict[str, Any]:
        headers = {**self._headers, "content-type": "application/json"}
        return {"method": "POST", "url": self._base + path, "content": b"" if given is _NOTHING else _json(given).encode(), "headers": headers}

    def _octets(self, path: str, content: bytes) -> dict[str, Any]:
        headers = {**self._headers, "content-type": "application/octet-stream"}
        return {"method": "POST", "url": self._base + path, "content": content, "headers": headers}

    def _form(self, path: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes, str]]) -> dict[str, Any]:
        parts: dict[str, Any] = {**{name: (None, text) for name, text in fields.items()}, **files}
        return {"method": "POST", "url": self._base + path, "files": parts, "headers": self._headers}

    def _resumed(self, path: str, given: Any, last_id: str | None) -> dict[str, Any]:
        request = self._query(path, given)
        resume = {"last-event-id": last_id} if last_id else {}
        return {**request, "headers": {**self._headers, "accept": "text/event-stream", **resume}}

    def _batched(self, path: str, given: Any) -> dict[str, Any]:
        inputs = {} if given is _NOTHING else {"0": given}
        headers = {**self._headers, "trpc-accept": "application/jsonl"}
        return {"method": "GET", "url": self._base + path, "params": {"batch": "1", "input": _json(inputs)}, "headers": headers}

    def _result(self, response: httpx.Response) -> Any:
        self._compare(response)
        try:
            answer = response.json()
        except ValueError:
            raise HubError({"message": f"{response.url} answered {response.status_code} without JSON"}) from None
        if "error" in answer:
            raise _error(answer["error"])
        return answer["result"].get("data")

    def _compare(self, response: httpx.Response) -> None:
        theirs = response.headers.get("x-tiltyard-contract", CONTRACT_HASH)
        if theirs != CONTRACT_HASH and not self._warned:
            self._warned = True
            warnings.warn(f"the hub's contract is {theirs}, this client's is {CONTRACT_HASH}: generate the client again", ContractChanged, stacklevel=5)


class _SyncHub(_Hub):
    """Calls that block."""

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 30, http: httpx.Client | None = None) -> None:
        """`url` is the hub's address, `token` an API token, `timeout` in seconds. An `http` client that you pass is not closed."""
        super().__init__(url, token)
        self._own = http is None
        self._http = http or httpx.Client(timeout=timeout)

    def close(self) -> None:
        """Close the connections."""
        if self._own:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, request: dict[str, Any]) -> Any:
        return self._result(self._http.request(**request))

    def _subscribe(self, path: str, given: Any) -> Iterator[Any]:
        events = _Events()
        while not events.ended:
            with self._http.stream(**self._resumed(path, given, events.last_id), timeout=None) as response:
                if response.status_code != 200:
                    response.read()
                    self._result(response)
                for line in response.iter_lines():
                    yield from events.feed(line)
            if not events.ended:
                time.sleep(_RETRY_SECONDS)

    def _stream(self, path: str, given: Any) -> Iterator[Any]:
        lines = _Lines()
        with self._http.stream(**self._batched(path, given), timeout=None) as response:
            if response.status_code != 200:
                response.read()
                self._result(response)
            for line in response.iter_lines():
                yield from lines.feed(line)


class _AsyncHub(_Hub):
    """Calls to await."""

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 30, http: httpx.AsyncClient | None = None) -> None:
        """`url` is the hub's address, `token` an API token, `timeout` in seconds. An `http` client that you pass is not closed."""
        super().__init__(url, token)
        self._own = http is None
        self._http = http or httpx.AsyncClient(timeout=timeout)

    async def close(self) -> None:
        """Close the connections."""
        if self._own:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _call(self, request: dict[str, Any]) -> Any:
        return self._result(await self._http.request(**request))

    async def _subscribe(self, path: str, given: Any) -> AsyncIterator[Any]:
        events = _Events()
        while not events.ended:
            async with self._http.stream(**self._resumed(path, given, events.last_id), timeout=None) as response:
                if response.status_code != 200:
                    await response.aread()
                    self._result(response)
                async for line in response.aiter_lines():
                    for item in events.feed(line):
                        yield item
            if not events.ended:
                await asyncio.sleep(_RETRY_SECONDS)

    async def _stream(self, path: str, given: Any) -> AsyncIterator[Any]:
        lines = _Lines()
        async with self._http.stream(**self._batched(path, given), timeout=None) as response:
            if response.status_code != 200:
                await response.aread()
                self._result(response)
            async for line in response.aiter_lines():
                for item in lines.feed(line):
                    yield item


class _Events:
    """Reads server-sent events: yields the items, stores the id for resuming, and raises the error that ends a subscription."""

    def __init__(self) -> None:
        self.last_id: str | None = None
        self.ended = False
        self._fields: dict[str, str] = {}

    def feed(self, line: str) -> Iterator[Any]:
        """Read one line, without its end."""
        if line:
            name, _, value = line.partition(":")
            self._fields[name] = value.removeprefix(" ")
            return
        fields, self._fields = self._fields, {}
        kind, key = fields.get("event", "message"), fields.get("id")
        if key:
            self.last_id = key
        if kind == "return":
            self.ended = True
        elif kind == "serialized-error":
            error = json.loads(fields["data"])
            if error.get("code") != _RETRYABLE:
                self.ended = True
                raise _error(error)
        elif kind == "message" and "data" in fields:
            item = json.loads(fields["data"])
            yield {"id": key, "data": item} if key else item


class _Lines:
    """Reads the JSON lines of one streaming query: yields the items, and raises the error that ends it."""

    def __init__(self) -> None:
        self._items: int | None = None
        self._begun = False

    def feed(self, line: str) -> Iterator[Any]:
        """Read one line, without its end. A blank line only keeps the connection alive."""
        if not line.strip():
            return
        told = json.loads(line)
        if not self._begun:
            self._begun = True
            self._note(told["0"])
            return
        key, status, value = told
        if key == self._items:
            if status == 1:
                yield value[0][0]
            elif status == 2:
                raise _error(value)
        else:
            self._note(value)

    def _note(self, encoded: Any) -> None:
        """Look for an error, and for the id of coming items. An error may be a shape of its own."""
        value = encoded[0][0] if isinstance(encoded, list) and encoded[0] else encoded
        if isinstance(value, dict) and "error" in value:
            raise _error(value["error"])
        if isinstance(encoded, list):
            self._items = next((chunk for _, kind, chunk in encoded[1:] if kind == 1), self._items)


_NOTHING: Any = object()


def _set(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given arguments."""
    return {name: value for name, value in given.items() if value is not None}


def _json(value: Any) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be sent: {value!r}")


def _error(shape: Mapping[str, Any]) -> HubError:
    reason = (shape.get("data") or {}).get("reason", "")
    return ERRORS.get(reason, HubError)(shape)


CONTRACT_HASH = ""
"""The contract this client was generated from."""

ERRORS: dict[str, type[HubError]] = {}
"""The class of each reason."""
