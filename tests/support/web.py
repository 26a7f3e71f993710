"""The whole HTTP application in the test's own process, spoken to over ASGI."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from backend.settings import Settings
from rpc.app import Application


@asynccontextmanager
async def client_of(settings: Settings, token: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a started application; with a token, it sends it."""
    app = Application(settings)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with app.web.lifespan():
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.test", headers=headers) as client:
            yield client


def result(response: httpx.Response) -> Any:
    """What a procedure answered."""
    body = response.json()
    assert "result" in body, body
    return body["result"].get("data")
