"""An RPC application behind the product's own server, in the test's process, so that the test can inspect it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from backend.adapters.processes import free_port
from rpc.app import Application
from rpc.core.http import RpcApp
from rpc.server import Server


@asynccontextmanager
async def serving(app: RpcApp | Application) -> AsyncIterator[int]:
    """The port it is served on."""
    port = free_port()
    server = Server(app, port=port, lifespan=isinstance(app, Application))
    running = asyncio.ensure_future(server.serve())
    try:
        await _listening(port)
        yield port
    finally:
        await app.close()
        server.stop()
        await asyncio.wait_for(running, 10)


async def _listening(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            return writer.close()
    raise TimeoutError(f"nothing listens on {port}")


@asynccontextmanager
async def asking(port: int, target: str, *headers: str) -> AsyncIterator[asyncio.StreamReader]:
    """Send a GET and read its answer as it comes. Leaving the block resets the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([f"GET {target} HTTP/1.1", f"Host: 127.0.0.1:{port}", *headers, "", ""]).encode())
    try:
        yield reader
    finally:
        writer.transport.abort()
