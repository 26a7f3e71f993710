"""Prometheus series of HTTP: what was answered, by route and status. A route is one of a few patterns, so no address of a caller becomes a label."""

from prometheus_client import Counter

from backend.declarations.metrics import REGISTRY
from rpc.core.asgi import Message, Send

REQUESTS = Counter("tiltyard_http_requests", "Requests that got an answer, by route and status.", ("route", "status"), registry=REGISTRY)
UNREADABLE = "unreadable"
"""The route of what never became a request."""
SWITCHED = 101

_answered: dict[tuple[str, int], Counter] = {}


def note_answer(route: str, status: int) -> None:
    """A request was answered."""
    counter = _answered.get((route, status))
    if counter is None:
        counter = _answered[route, status] = REQUESTS.labels(route, str(status))
    counter.inc()


def counting(send: Send, route: str) -> Send:
    """The same `send`, counting what it answers. A WebSocket counts as 101 when it is accepted."""

    async def counted(message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            note_answer(route, message["status"])
        elif kind == "websocket.accept":
            note_answer(route, SWITCHED)
        await send(message)

    return counted
