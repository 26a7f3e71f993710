"""The whole HTTP application in the test's own process, spoken to over ASGI."""

import asyncio
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
    async with running(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.test", headers=headers) as client:
            yield client


@asynccontextmanager
async def running(app: Application) -> AsyncIterator[None]:
    """The application between start-up and shutdown, both in a task of its own, as a server has it."""
    started, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.web.lifespan():
            started.set()
            await stop.wait()

    living = asyncio.create_task(live())
    starting = asyncio.create_task(started.wait())
    await asyncio.wait({living, starting}, return_when=asyncio.FIRST_COMPLETED)
    starting.cancel()
    try:
        yield
    finally:
        stop.set()
        await living


def result(response: httpx.Response) -> Any:
    """What a procedure answered."""
    body = response.json()
    assert "result" in body, body
    return body["result"].get("data")
