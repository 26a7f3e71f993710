"""The HTTP application: the data plane and `/rpc` as bare ASGI, the rest by Litestar."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, MediaType, Response, get
from litestar.datastructures import State

from backend.bootstrap import open_hub
from backend.connectors.keys import check_at_start
from backend.health import redis_answers
from backend.hub import Hub
from backend.metrics import Metrics
from backend.settings import Settings
from rpc.console import CONSOLE, console_routes
from rpc.core.http import Options, Rate, Receive, RpcApp, Scope, Send
from rpc.core.http_metrics import counting
from rpc.core.sub_path import SubPath
from rpc.datasets.uploads import append_dataset_rows, upload_dataset_file
from rpc.health import database_answers
from rpc.host import ProductHost
from rpc.http_connection import CompleteResponse, Headers
from rpc.predict import GROUPS, OPEN_INFERENCE, OUTCOMES, PREDICT, PREDICT_ROUTE, DataPlane
from rpc.root import root
from rpc.uploads import upload_artifact
from rpc.web import as_get, refused
from rpc.worker_watch import watch_workers

PLAIN_ROUTES = frozenset({"/rpc", "/metrics", OUTCOMES, OPEN_INFERENCE, "/health/live", "/health/ready"})
OTHER = "other"
"""The console's files, and addresses where nothing is."""


def route_of(path: str) -> str:
    """Return the route of a path, as `/metrics` names it.

    >>> route_of("/v1/groups/credit/predict"), route_of("/rpc/groups.list"), route_of("/v2/models/credit/versions/v1/infer"), route_of("/assets/index.js")
    ('/v1/groups/{slug}/predict', '/rpc', '/v2/models/{slug}/infer', 'other')
    """
    if path in PLAIN_ROUTES:
        return path
    if path.startswith("/rpc/"):
        return "/rpc"
    if path.startswith(GROUPS):
        return PREDICT_ROUTE if path.endswith(PREDICT) else OTHER
    if path.startswith("/v1/datasets/") and path.endswith(("/files", "/rows")):
        return f"/v1/datasets/{{slug}}/{path.rpartition('/')[2]}"
    if path.startswith("/v2/"):
        return "/v2/models/{slug}/infer" if path.endswith("/infer") else OPEN_INFERENCE
    return "/v1/versions/{id}/artifact" if path.startswith("/v1/versions/") and path.endswith("/artifact") else OTHER


@get("/health/live", media_type=MediaType.JSON)
async def live() -> dict[str, bool]:
    """Return 200 while the process is alive."""
    return {"live": True}


@get("/health/ready", media_type=MediaType.JSON)
async def ready(state: State) -> Response[dict[str, bool]]:
    """Return 200 while the process can answer predictions and procedures, else 503."""
    hub: Hub = state.host.hub
    checks = {"database": await database_answers(hub), "redis": await redis_answers(hub)}
    return Response(checks, status_code=200 if checks["database"] else 503)


class Application:
    """Dispatches by path, the most frequent first."""

    def __init__(self, settings: Settings, started: Callable[[], None] = lambda: None) -> None:
        self.settings = settings
        self._started = started
        self._sub_path = SubPath(settings.root_path)
        self.rpc: RpcApp | None = None
        self.metrics: Metrics | None = None
        self.web = Litestar(
            route_handlers=[live, ready, upload_artifact, upload_dataset_file, append_dataset_rows, *console_routes(CONSOLE, settings.root_path)],
            lifespan=[self._lifespan],
            openapi_config=None,
            exception_handlers={Exception: refused},
            request_max_body_size=settings.max_artifact_bytes + 1,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or WebSocket, or take part in start-up and shutdown."""
        if scope["type"] != "lifespan":
            scope = self._sub_path.of_hub(scope)
            path: str = scope["path"]
            send = counting(send, route_of(path))
            under_rpc = path == "/rpc" or path.startswith("/rpc/")
            if scope["type"] == "http" and scope["method"] == "HEAD" and not under_rpc:
                scope, send = as_get(scope, send)
            if scope["type"] == "http" and self.data_plane.takes(path):
                return await self.data_plane(scope, receive, send)
            if path == "/metrics" and scope["type"] == "http" and self.metrics is not None:
                return await self.metrics(scope, receive, send)
            if under_rpc:
                assert self.rpc is not None, "a request before start-up is complete"
                return await self.rpc(scope, receive, send)
        return await self.web(scope, receive, send)  # type: ignore[arg-type]

    def takes_whole(self, target: bytes) -> bool:
        """Return whether it is answered without ASGI."""
        return self.data_plane.takes_whole(self._sub_path.of_target(target))

    def answer_whole(self, path: str, headers: Headers, body: bytes) -> Coroutine[Any, Any, CompleteResponse]:
        """Answer it."""
        return self.data_plane.answer_whole(self._sub_path.of_target(path.encode()).decode(), headers, body)

    async def close(self) -> None:
        """End the open streams, so that their clients reconnect. Call it before the server stops, which would cut them off without notice."""
        if self.rpc is not None:
            await self.rpc.close()

    @asynccontextmanager
    async def _lifespan(self, app: Litestar) -> AsyncIterator[None]:
        async with open_hub(self.settings) as hub:
            await check_at_start(hub)
            host = ProductHost(hub)
            self.rpc = RpcApp(root, host, wire_options(self.settings))
            app.state.host = host
            self.metrics = Metrics(hub)
            hub.wakeups.start()
            async with DataPlane.open(hub) as self.data_plane, watch_workers(hub):
                self._started()
                yield


def wire_options(settings: Settings) -> Options:
    """Return the settings of the wire."""
    return Options(
        max_body_bytes=settings.max_rpc_bytes,
        max_batch=settings.max_rpc_batch,
        rate=Rate(per_second=settings.rpc_rate_per_second, burst=settings.rpc_rate_burst),
        timeout=settings.rpc_timeout_seconds,
        max_duration=settings.stream_max_seconds,
        allowed_origins=_by_comma(settings.allowed_origins),
        trusted_proxies=_by_comma(settings.trusted_proxies),
        max_open_per_caller=settings.streams_per_caller,
        max_open_per_address=settings.streams_per_address,
    )


def _by_comma(said: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in said.split(",") if one.strip())


def create_app(settings: Settings | None = None, started: Callable[[], None] = lambda: None) -> Any:
    """Create the ASGI application. Settings come from the environment by default; `started` is called once everything is loaded."""
    return Application(settings or Settings.from_environment(), started)
