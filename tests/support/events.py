"""Server-sent events, as a browser reads them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import msgspec


class Event(NamedTuple):
    """One event: its type, its data, and the id to continue after."""

    kind: str
    data: Any
    id: str | None


@asynccontextmanager
async def listening(
    origin: str, procedure: str, token: str, *, last_id: str | None = None, within: float = 20, **given: Any
) -> AsyncIterator[AsyncIterator[Event]]:
    """Yield the messages of a subscription (without `connected` and pings), over its own connection."""
    headers = {"authorization": f"Bearer {token}"} | ({"last-event-id": last_id} if last_id else {})
    query = {"input": msgspec.json.encode(given).decode()} if given else {}
    async with (
        httpx.AsyncClient(base_url=origin, timeout=within, trust_env=False) as http,
        http.stream("GET", f"/rpc/{procedure}", params=query, headers=headers) as answer,
    ):
        yield _events(answer)


async def _events(answer: httpx.Response) -> AsyncIterator[Event]:
    kind, data, said = "message", "", None
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            data = value
        elif name == "id":
            said = value
        elif not line:
            if kind not in {"connected", "ping"}:
                yield Event(kind, msgspec.json.decode(data) if data else None, said)
            kind, data, said = "message", "", None
