"""Serving in one process: its routing table, its intake, its predictor."""

from collections.abc import Callable

from backend.hub import Hub
from backend.inference_log.intake import Intake
from backend.serving.predict import Predictor
from backend.serving.routing.refresh import Routing


class Serving:
    """Made when the first prediction is asked for, or started with the data plane; a hub has one."""

    def __init__(self) -> None:
        self._predictor: Predictor | None = None
        self._routing: Routing | None = None
        self._unwatch: Callable[[], None] = lambda: None

    async def start(self, hub: Hub, on_tokens: Callable[[], None]) -> Predictor:
        """Load the routing table, keep it true from now on, and answer predictions. `on_tokens` hears of revoked tokens."""
        routing = Routing(hub, on_tokens)
        await routing.start()
        hub.routing_watchers.append(routing.refresh)
        self._unwatch = lambda: hub.routing_watchers.remove(routing.refresh)
        self._routing = routing
        self._predictor = Predictor(hub, routing, Intake(hub))
        return self._predictor

    def predictor(self, hub: Hub) -> Predictor:
        """The predictor; where nobody watches over routing, each prediction looks it up anew."""
        if self._predictor is None:
            self._predictor = Predictor(hub, Routing(hub), Intake(hub))
        return self._predictor

    async def stop(self) -> None:
        """Answer what has begun, then end."""
        if self._routing:
            self._unwatch()
            await self._routing.stop()
        if self._predictor:
            await self._predictor.close()
        self._routing = self._predictor = None
