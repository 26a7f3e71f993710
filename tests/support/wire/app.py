"""A server for conformance runs by any tRPC client: `python -m tests.support.wire.app --port N`.

It serves on 127.0.0.1 at `/rpc`, with the product's own core and a host that has no database.
"""

import argparse
import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import uvloop

from backend.actor import ANONYMOUS, Actor
from rpc.core import Request
from rpc.core.http import Options, RpcApp
from rpc.server import Server
from tests.support.wire.procedures import root


class BareHost:
    """A host without a database: everybody is anonymous, and work is nothing."""

    hub = None

    async def authenticate(self, request: Request) -> Actor:
        """Nobody in particular."""
        return ANONYMOUS

    @asynccontextmanager
    async def work(self, actor: Actor, *, read_only: bool) -> AsyncIterator[Any]:
        """No transaction, nothing to audit."""
        yield SimpleNamespace(audited=0, amended=lambda answer: answer)


async def serve(port: int, options: Options) -> None:
    """Serve until SIGTERM."""
    app = RpcApp(root, BareHost(), options)
    server = Server(app, port=port)

    asked = asyncio.Event()

    async def stop() -> None:
        await asked.wait()
        await app.close()
        server.stop()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    stopping = asyncio.create_task(stop())
    await server.serve()
    stopping.cancel()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--method-override", action="store_true", help="let queries be sent by POST")
    parser.add_argument("--max-duration", type=float, help="end a subscription's connection after this number of seconds")
    given = parser.parse_args()
    options = Options(
        anonymous_body_bytes=2**40,
        max_batch=10,
        method_override=given.method_override,
        max_duration=given.max_duration,
        ping_interval=0.2,
        reconnect_after_inactivity_ms=2000,
    )
    uvloop.run(serve(given.port, options))


if __name__ == "__main__":
    main()
