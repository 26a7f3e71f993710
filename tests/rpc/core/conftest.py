"""Conformance servers and official clients, all real processes, started when a test first asks for them and kept for the run."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import IO

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from backend.adapters.processes import free_port
from tests.support.node import Driver, install
from tests.support.page import PageDriver, chromium

ROOT = Path(__file__).parents[3]
PAIRS = {"newest": ("tiltyard", "newest"), "11.4": ("tiltyard", "older"), "oracle": ("oracle", "newest")}
"""Servers and the clients they are called by; the oracle is the official server with the same procedures."""
BROWSING = {**PAIRS, "browser": ("tiltyard", "page"), "oracle-browser": ("oracle", "page")}


Another = Callable[..., Awaitable[Driver | PageDriver]]


@asynccontextmanager
async def wire_server(*arguments: str, kind: str = "tiltyard", port: int | None = None, said: IO[bytes] | None = None) -> AsyncIterator[str]:
    """The origin of a fresh conformance server; what it says goes to the file `said`."""
    port = port or free_port()
    command = [sys.executable, "-m", "tests.support.wire.app"] if kind == "tiltyard" else ["node", str(install() / "oracle-server.mjs")]
    process = await asyncio.create_subprocess_exec(*command, "--port", str(port), *arguments, cwd=ROOT, stdout=said, stderr=said)
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
        for _ in range(600):
            try:
                await client.get(f"{origin}/rpc/ping")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return
    raise TimeoutError(f"{origin} does not answer")


class Fleet:
    """Servers and clients by name."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._origins: dict[tuple[str, ...], str] = {}
        self._clients: dict[tuple[str, ...], Driver | PageDriver] = {}
        self._browser: Browser | None = None

    async def origin(self, kind: str, *arguments: str) -> str:
        """The origin of a server of the kind, with its arguments."""
        if (key := (kind, *arguments)) not in self._origins:
            self._origins[key] = await self._stack.enter_async_context(wire_server(*arguments, kind=kind))
        return self._origins[key]

    async def client(self, kind: str, client: str, *arguments: str) -> Driver | PageDriver:
        """A client of a server of the kind, with its arguments."""
        if (key := (kind, client, *arguments)) not in self._clients:
            at = await self.origin(kind, *arguments)
            driver = await PageDriver.start(await self._browsing(), at) if client == "page" else await Driver.start(at, client)
            self._stack.push_async_callback(driver.stop)
            self._clients[key] = driver
        return self._clients[key]

    async def _browsing(self) -> Browser:
        if self._browser is None:
            self._browser = await self._stack.enter_async_context(chromium())
        return self._browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fleet() -> AsyncIterator[Fleet]:
    """All servers and clients."""
    async with AsyncExitStack() as stack:
        yield Fleet(stack)


@pytest.fixture(params=PAIRS)
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Which server, which client."""
    return PAIRS[request.param]


@pytest_asyncio.fixture(loop_scope="session")
async def js(fleet: Fleet, pair: tuple[str, str]) -> Driver | PageDriver:
    """An official client against a server. What holds here holds for the official server too."""
    return await fleet.client(*pair)


@pytest_asyncio.fixture(loop_scope="session")
async def ours(fleet: Fleet) -> Driver | PageDriver:
    """The official client against our own server, for what the official one does otherwise or not at all."""
    return await fleet.client("tiltyard", "newest")


@pytest.fixture
def another(fleet: Fleet, pair: tuple[str, str]) -> Another:
    """`await another("--max-duration", "0.3")` is the same client against a server of the same kind with those arguments."""
    return lambda *arguments: fleet.client(*pair, *arguments)
