"""Serving in one process: its routing table, intake and predictor."""

from collections.abc import Callable

from backend.hub import Hub
from backend.inference_log.intake import Intake
from backend.serving.predict import Predictor
from backend.serving.routing.refresh import Routing


class Serving:
    """Started with the data plane, or by the first prediction; one per hub."""

    def __init__(self) -> None:
        self._predictor: Predictor | None = None
        self._routing: Routing | None = None
        self._unwatch: Callable[[], None] = lambda: None

    async def start(self, hub: Hub, on_tokens: Callable[[], None]) -> Predictor:
        """Load the routing table, keep it current, and answer predictions. `on_tokens` is called for revoked tokens."""
        routing = Routing(hub, on_tokens)
        await routing.start()
        hub.routing_watchers.append(routing.refresh)
        self._unwatch = lambda: hub.routing_watchers.remove(routing.refresh)
        self._routing = routing
        self._predictor = Predictor(hub, routing, Intake(hub))
        return self._predictor

    def predictor(self, hub: Hub) -> Predictor:
        """Return the predictor. Without a connection that keeps the lease, each prediction reads the routing anew."""
        if self._predictor is None:
            self._predictor = Predictor(hub, Routing(hub), Intake(hub))
        return self._predictor

    async def stop(self) -> None:
        """Finish running answers, then end."""
        if self._routing:
            self._unwatch()
            await self._routing.stop()
        if self._predictor:
            await self._predictor.close()
        self._routing = self._predictor = None
