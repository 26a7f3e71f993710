"""A worker's own `/metrics`."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from backend.hub import Hub
from backend.metrics import Metrics

log = logging.getLogger("tiltyard.metrics")
PORTS = 20
"""Workers on one host take the first free port of this many."""


class MetricsServer(uvicorn.Server):
    """Serves on one socket. Signals are the worker's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


async def serve_metrics(hub: Hub) -> None:
    """Serve until cancelled; do nothing without a port."""
    if hub.settings.metrics_port is None:
        return
    listening = first_free(hub.settings.metrics_host, hub.settings.metrics_port)
    if listening is None:
        log.error("no port from %s on is free, so this worker has no /metrics", hub.settings.metrics_port)
        return
    with listening:
        log.info("metrics at http://%s:%s/metrics", *listening.getsockname()[:2])
        config = uvicorn.Config(Metrics(hub), log_config=None, access_log=False, lifespan="off", server_header=False, proxy_headers=False)
        await MetricsServer(config).serve(sockets=[listening])


def first_free(host: str, port: int) -> socket.socket | None:
    """Return a listening socket on the first free port of a few."""
    for one in range(port, min(port + PORTS, 65_536)):
        try:
            return socket.create_server((host, one), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        except OSError:
            continue
    return None
