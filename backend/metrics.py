"""`/metrics`: this process's Prometheus series, as an ASGI application. Only a token, or a caller on this machine, gets an answer."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from hmac import compare_digest
from ipaddress import ip_address
from typing import Any

from prometheus_client import Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from backend.declarations.metrics import REGISTRY
from backend.hub import Hub
from backend.slices import SLICES

log = logging.getLogger("tiltyard.metrics")
SAMPLE_SECONDS = 5.0
"""Seconds. Counts from PostgreSQL and Redis are read at most this often, in each process."""
SAMPLE_TIMEOUT = 4.0
FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via"})
REFUSED = b"`/metrics` answers callers on this machine, not through a proxy. Others need `Authorization: Bearer` and TILTYARD_METRICS_TOKEN.\n"
SAMPLES_FAILED = Gauge("tiltyard_metrics_samples_failed", "Samples that failed at the last attempt.", registry=REGISTRY)
CONNECTIONS = Gauge("tiltyard_database_connections", "Connections of this process's pool in use.", registry=REGISTRY)


class Metrics:
    """Answers GET with the text format."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._sampled_at = -SAMPLE_SECONDS
        self._sampling = asyncio.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        """Answer one request."""
        status, kind, body = 200, CONTENT_TYPE_LATEST, b""
        if scope["method"] != "GET":
            status, kind, body = 405, "text/plain", b"Ask for metrics with GET.\n"
        elif not allowed(self._hub.settings.metrics_token, scope.get("client"), scope["headers"]):
            status, kind, body = 403, "text/plain", REFUSED
        else:
            body = await self.render()
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def render(self) -> bytes:
        """Return all series. A failed sample keeps its last value, and `tiltyard_metrics_samples_failed` counts it."""
        async with self._sampling:
            if time.monotonic() - self._sampled_at >= SAMPLE_SECONDS:
                await self._sample()
                self._sampled_at = time.monotonic()
        return generate_latest(REGISTRY)

    async def _sample(self) -> None:
        failed = 0
        for one in SLICES:
            if one.sample is not None:
                try:
                    async with asyncio.timeout(SAMPLE_TIMEOUT):
                        await one.sample(self._hub)
                except Exception as error:  # PostgreSQL or Redis is unavailable; the other series are still true
                    failed += 1
                    log.warning("the series of %s could not be sampled (%s)", one.name, type(error).__name__)
        SAMPLES_FAILED.set(failed)
        pool = self._hub.engine.pool
        CONNECTIONS.set(pool.checkedout() if hasattr(pool, "checkedout") else 0)


def allowed(token: str | None, client: Sequence[Any] | None, headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Return whether the caller may read. With a token, only its bearer. Without one, only a direct caller on this machine: a proxy forwards callers from
    anywhere.
    """
    sent = {name.lower(): value for name, value in headers}
    if token:
        return compare_digest(sent.get(b"authorization", b""), b"Bearer " + token.encode())
    if client is None or FORWARDED & sent.keys():
        return False
    try:
        return ip_address(client[0]).is_loopback
    except ValueError:
        return False
