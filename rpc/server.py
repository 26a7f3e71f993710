"""The server: uvicorn in this process, stopped by its caller."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from rpc.http_connection import Connection

IDLE_SECONDS = 75
"""Seconds that an idle connection is kept."""
STOP_SECONDS = 10
"""Seconds that a stop waits for running answers."""


class Server(uvicorn.Server):
    """Serves one ASGI application on one port, which other processes may share. Signals belong to its owner."""

    def __init__(self, app: Any, *, host: str = "127.0.0.1", port: int, lifespan: bool = False) -> None:
        """`lifespan` says whether the application wants start and stop events."""
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # the application's start and stop, and events other than HTTP
        config = uvicorn.Config(
            app, http=Connection, ws="websockets-sansio", ws_per_message_deflate=False, lifespan="on" if lifespan else "off", interface="asgi3",
            log_config=None, access_log=False, proxy_headers=False, server_header=False,
            timeout_keep_alive=IDLE_SECONDS, timeout_graceful_shutdown=STOP_SECONDS,
        )  # fmt: skip
        super().__init__(config)
        self._address = host, port

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `stop`. Raises OSError when the address is taken, and SystemExit when the application does not start."""
        host, _ = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server(self._address, family=family, reuse_port=True, backlog=1024) as listening:
            await super().serve(sockets or [listening])

    def stop(self) -> None:
        """Finish running answers, and end."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield
