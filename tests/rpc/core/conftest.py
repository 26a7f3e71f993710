"""A conformance server and an official client, both real processes, one pair for a test module."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest_asyncio

from tests.support.node import Driver

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def wire_server(*arguments: str) -> AsyncIterator[str]:
    """The origin of a fresh conformance server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.support.wire_app", "--port", str(port), *arguments, cwd=ROOT)
    origin = f"http://127.0.0.1:{port}"
    try:
        await _answering(origin)
        yield origin
    finally:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _answering(origin: str) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(300):
            try:
                await client.get(f"{origin}/rpc/ping")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return
    raise TimeoutError(f"{origin} does not answer")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def origin() -> AsyncIterator[str]:
    """The server's origin."""
    async with wire_server() as address:
        yield address


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def js(origin: str) -> AsyncIterator[Driver]:
    """The official client against the server."""
    driver = await Driver.start(origin)
    yield driver
    await driver.stop()
