"""A closed-loop HTTP/1.1 load over kept-alive connections on this machine. It does little work per request, so that the server is measured."""

import asyncio
import time
from dataclasses import dataclass
from typing import cast

import numpy as np
import uvloop


@dataclass(frozen=True)
class Load:
    """A run's figures. Latencies in microseconds, from sending a request to its whole answer."""

    requests: int
    seconds: float
    p50_us: float
    p99_us: float

    @property
    def per_second(self) -> float:
        """Return requests answered per second."""
        return self.requests / self.seconds


class _Caller(asyncio.Protocol):
    """Sends the next request as soon as the last is answered, until the deadline."""

    def __init__(self, request: bytes, deadline: float, done: asyncio.Future[None]) -> None:
        self._request, self._deadline, self._done = request, deadline, done
        self._received = bytearray()
        self._sent = 0.0
        self.latencies: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transport has the methods, but not the class
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not _whole(self._received):
            return
        now = time.perf_counter()
        self.latencies.append(now - self._sent)
        if not self._received.startswith(b"HTTP/1.1 20"):
            self._finish(RuntimeError(bytes(self._received[:400]).decode(errors="replace")))
        elif now < self._deadline:
            self._received.clear()
            self._send()
        else:
            self._finish(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(exc or ConnectionError("the server closed the connection"))

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request)

    def _finish(self, error: Exception | None) -> None:
        if self._done.done():
            return
        if error:
            self._done.set_exception(error)
        else:
            self._done.set_result(None)
        self._transport.close()


def _whole(received: bytearray) -> bool:
    head = received.find(b"\r\n\r\n")
    if head < 0:
        return False
    lower = bytes(received[:head]).lower()
    at = lower.index(b"content-length:") + 15
    return len(received) >= head + 4 + int(lower[at:].split(b"\r\n", 1)[0])


def post(host: str, path: str, body: bytes, token: str | None = None) -> bytes:
    """Return the bytes of one request."""
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{bearer}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def run(host: str, port: int, request: bytes, connections: int, seconds: float) -> Load:
    """Keep this number of requests in flight for this time. Raises RuntimeError at the first answer that is no success."""
    return uvloop.run(_run(host, port, request, connections, seconds))


async def _run(host: str, port: int, request: bytes, connections: int, seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    callers, dones = [], []
    for _ in range(connections):
        done: asyncio.Future[None] = loop.create_future()
        caller = _Caller(request, started + seconds, done)
        await loop.create_connection(lambda caller=caller: caller, host, port)
        callers.append(caller)
        dones.append(done)
    async with asyncio.timeout(seconds + 30):
        await asyncio.gather(*dones)
    took = np.array([latency for caller in callers for latency in caller.latencies]) * 1e6
    return Load(len(took), time.perf_counter() - started, float(np.quantile(took, 0.5)), float(np.quantile(took, 0.99)))
