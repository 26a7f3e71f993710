"""Requests as they are read, replies as they are sent, and errors in OpenAI's form."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import msgspec


class Dropped(Exception):
    """The connection breaks here, without another byte."""


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            raise ApiError(400, "We could not parse the JSON body of your request.") from None

    @property
    def key(self) -> str:
        return self.headers.get("x-api-key") or self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass
class Reply:
    """A response: JSON, or raw chunks."""

    value: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    chunks: Sequence[bytes] | None = None
    kind: str = "application/json"

    async def send(self, send: Any, request_id: str) -> None:
        parts = [msgspec.json.encode(self.value)] if self.chunks is None else list(self.chunks)
        headers = {"content-type": self.kind, "x-request-id": request_id, **self.headers}
        await send({"type": "http.response.start", "status": self.status, "headers": [(n.encode(), v.encode()) for n, v in headers.items()]})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class ApiError(Exception):
    """An error as OpenAI answers it."""

    def __init__(self, status: int, message: str, *, code: str | None = None, param: str | None = None, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.reply = Reply({"error": {"message": message, "type": kind, "param": param, "code": code}}, status)


async def read(scope: Any, receive: Any) -> Asked:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
    query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode()).items()}
    return Asked(scope["method"], scope["path"], query, headers, body)


def event(value: Any, name: str | None = None) -> bytes:
    """One server-sent event."""
    data = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + data + b"\n\n"


def page(items: list[dict[str, Any]], query: dict[str, str], default: int = 20) -> dict[str, Any]:
    """A page of a list by `after` and `limit`."""
    ids = [item["id"] for item in items]
    if after := query.get("after"):
        items = items[ids.index(after) + 1 :] if after in ids else []
    limit = int(query.get("limit", default))
    shown = items[:limit]
    ends = {"first_id": shown[0]["id"], "last_id": shown[-1]["id"]} if shown else {}
    return {"object": "list", "data": shown, "has_more": len(items) > limit, **ends}
