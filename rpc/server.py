"""The server: uvicorn in this very process, told when to stop by whoever runs it."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from rpc.http_connection import Connection

IDLE_SECONDS = 75
"""So long a connection is kept on which nothing is asked."""
STOP_SECONDS = 10
"""So long a stop waits for answers that have begun."""


class Server(uvicorn.Server):
    """Serves one ASGI application on one port, which other processes may share. Signals are its owner's."""

    def __init__(self, app: Any, *, host: str = "127.0.0.1", port: int, lifespan: bool = False) -> None:
        """`lifespan`: does the application want to know of start and stop?"""
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # its start, its stop, and what is no HTTP
        config = uvicorn.Config(
            app, http=Connection, ws="websockets-sansio", ws_per_message_deflate=False, lifespan="on" if lifespan else "off", interface="asgi3",
            log_config=None, access_log=False, proxy_headers=False, server_header=False,
            timeout_keep_alive=IDLE_SECONDS, timeout_graceful_shutdown=STOP_SECONDS,
        )  # fmt: skip
        super().__init__(config)
        self._address = host, port

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `stop`. Raises OSError where the address is taken, and SystemExit where the application does not start."""
        host, _ = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server(self._address, family=family, reuse_port=True, backlog=1024) as listening:
            await super().serve(sockets or [listening])

    def stop(self) -> None:
        """Answer what has begun, and end."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None."""
        yield
