"""`/metrics`: true figures, for the operator alone."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import httpx
import msgspec
import pytest

from backend.actor import Actor
from backend.bootstrap import ServingHub, open_hub
from backend.errors import HubError
from backend.hub import Hub
from backend.metrics import Metrics, allowed
from backend.runs import service as runs
from backend.settings import Settings
from rpc.app import OTHER, PLAIN_ROUTES, Application
from rpc.core import Request
from rpc.core.call import Exchange, call, find
from rpc.core.http_metrics import UNREADABLE
from rpc.host import ProductHost
from rpc.predict import PREDICT_ROUTE
from rpc.root import root
from schemas.inference import PredictBody
from schemas.runs import CancelRun
from tests.support.clock import moved
from tests.support.group import serve_group
from tests.support.metrics_page import figures, labels_of, value
from tests.support.predictions import ask
from tests.support.tenants import Tenant
from workers.metrics_server import first_free

ADDRESS = ("127.0.0.1", 1)


async def page(hub: Hub, client: tuple[str, int] = ADDRESS, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=Metrics(hub), client=client)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as http:
        return await http.get("/metrics", headers={name.replace("_", "-"): value for name, value in headers.items()})


async def invoke(hub: ServingHub, actor: Actor, path: str, given: object) -> None:
    procedure = find(root, path)
    with suppress(HubError):
        await call(Exchange(ProductHost(hub), Request(path=path), actor), procedure, msgspec.Raw(msgspec.json.encode(given)))


async def test_predictions_refusals_and_calls_are_counted_and_no_tenant_is_named(hub: ServingHub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant, challenger_share=0)
    labels = {("tenant", str(tenant.admin.tenant_id)), ("group", serving.group.slug)}
    await ask(hub, tenant, serving.group, PredictBody(inputs=[serving.inputs] * 3))
    with pytest.raises(HubError):
        await ask(hub, tenant, serving.group, PredictBody(inputs={"nonsense": 1}))
    await invoke(hub, tenant.admin, "alerts.list", {})
    await invoke(hub, tenant.admin, "groups.get", {"slug": "nowhere"})
    answer = await page(hub)
    assert answer.status_code == 200
    seen = figures(answer.text)
    assert seen["ml_predictions_total", frozenset(labels)] == 3
    assert seen["ml_prediction_duration_seconds_count", frozenset(labels)] == 1
    assert sum(value for (name, these), value in seen.items() if name == "ml_prediction_refusals_total" and labels <= these) == 1
    assert seen["tiltyard_rpc_requests_total", frozenset({("procedure", "alerts.list"), ("result", "ok")})] >= 1
    assert seen["tiltyard_rpc_requests_total", frozenset({("procedure", "groups.get"), ("result", "GROUP_NOT_FOUND")})] >= 1
    assert seen["tiltyard_log_backlog", frozenset()] >= 3
    assert ("tiltyard_open_alerts", frozenset({("severity", "critical")})) in seen
    assert ("tiltyard_workers_alive", frozenset()) in seen
    assert seen["tiltyard_metrics_samples_failed", frozenset()] == 0
    assert str(tenant.admin.tenant_name) not in answer.text
    assert tenant.email not in answer.text


async def test_without_redis_the_page_is_answered_and_says_what_it_could_not_count(settings: Settings) -> None:
    async with open_hub(msgspec.structs.replace(settings, redis_url="redis://127.0.0.1:9/0")) as deaf:
        seen = figures((await page(deaf)).text)
    assert seen["tiltyard_metrics_samples_failed", frozenset()] == 2, "the intakes, and the queues"


async def test_strangers_are_refused_in_words(hub: Hub) -> None:
    for client, headers in ((("203.0.113.7", 1), {}), (ADDRESS, {"x_forwarded_for": "127.0.0.1"}), (ADDRESS, {"via": "1.1 proxy"})):
        answer = await page(hub, client, **headers)
        assert (answer.status_code, "TILTYARD_METRICS_TOKEN" in answer.text) == (403, True), headers
        assert "ml_predictions" not in answer.text


def test_with_a_token_only_who_sends_it_is_answered() -> None:
    sent = [(b"Authorization", b"Bearer sesame")]
    assert allowed("sesame", ("203.0.113.7", 1), sent)
    assert not allowed("sesame", ADDRESS, [])
    assert not allowed("sesame", ADDRESS, [(b"authorization", b"Bearer other")])
    assert allowed(None, ("::1", 1), [])
    assert not allowed(None, None, [])
    assert not allowed(None, ("testserver", 1), [])


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = Application(settings)
    async with app._lifespan(app.web), httpx.AsyncClient(transport=httpx.ASGITransport(app=app, client=ADDRESS), base_url="http://hub") as http:
        yield http


async def test_the_console_never_answers_for_the_metrics(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/plain")
    assert "process_cpu_seconds_total" in answer.text
    assert (await client.post("/metrics")).status_code == 405
    assert (await client.get("/metrics", headers={"x-forwarded-for": "203.0.113.7"})).status_code == 403


async def test_requests_are_counted_by_route_and_status_and_no_address_becomes_a_label(client: httpx.AsyncClient, tenant: Tenant) -> None:
    before = figures((await client.get("/metrics")).text)
    bearer = {"authorization": f"Bearer {tenant.token}"}
    asked = [
        ("/v1/groups/{slug}/predict", 404, await client.post("/v1/groups/nowhere-1/predict", json={"inputs": {}}, headers=bearer)),
        ("/v1/groups/{slug}/predict", 401, await client.post("/v1/groups/nowhere-2/predict", json={"inputs": {}})),
        ("/v1/outcomes", 401, await client.post("/v1/outcomes", json={"outcomes": []})),
        ("/v2/models/{slug}/infer", 401, await client.post("/v2/models/nowhere-3/infer", json={})),
        ("/v2", 200, await client.get("/v2/health/live")),
        ("/rpc", 404, await client.get("/rpc/no.such.procedure-4")),
        ("/rpc", 200, await client.get("/rpc/system.live")),
        ("/health/ready", 200, await client.get("/health/ready")),
        ("/v1/versions/{id}/artifact", 404, await client.post("/v1/versions/nonsense-5/artifact")),
        ("other", 404, await client.get("/v1/nonsense-6")),
    ]
    page = (await client.get("/metrics")).text
    seen = figures(page)
    name, wanted = "tiltyard_http_requests_total", [(route, str(answer.status_code)) for route, _, answer in asked]
    for route, status, answer in asked:
        if (route, status) != ("/rpc", 200):
            assert answer.status_code == status, (route, answer.text)
        counted = value(seen, name, route=route, status=str(answer.status_code)) - value(before, name, route=route, status=str(answer.status_code))
        assert counted == wanted.count((route, str(answer.status_code))), route
    assert value(seen, name, route="/metrics", status="200") == value(before, name, route="/metrics", status="200") + 1
    assert labels_of(seen, name, "route") <= {*PLAIN_ROUTES, PREDICT_ROUTE, "/v2/models/{slug}/infer", "/v1/versions/{id}/artifact", OTHER, UNREADABLE}
    assert "nowhere-" not in page
    assert "nonsense-" not in page


async def test_the_lease_has_its_age_while_predictions_are_answered(client: httpx.AsyncClient) -> None:
    seen = figures((await client.get("/metrics")).text)
    assert 0 <= seen["tiltyard_lease_age_seconds", frozenset()] < 60


async def test_a_process_that_answers_no_predictions_has_no_lease(hub: Hub) -> None:
    assert ("tiltyard_lease_age_seconds", frozenset()) not in figures((await page(hub)).text)


async def test_runs_are_counted_by_state_and_queues_by_their_depth(hub: Hub, tenant: Tenant) -> None:
    before = figures((await page(hub)).text)
    async with hub.work(tenant.admin) as work:
        waiting = [await runs.start(work, "tests.counted", "tests", {}) for _ in range(3)]
    async with hub.work(tenant.admin) as work:
        await runs.cancel(work, CancelRun(run_id=waiting[0]))
    seen = figures((await page(hub)).text)
    more = {key: value(seen, *key[:1], **dict(key[1])) - value(before, *key[:1], **dict(key[1])) for key in seen}
    assert more["tiltyard_open_runs", frozenset({("status", "queued")})] == 2
    assert more["tiltyard_runs_ended_last_hour", frozenset({("status", "cancelled")})] == 1
    assert more["tiltyard_queue_depth", frozenset({("queue", "default")})] == 3, "a job of a cancelled run is taken and dropped by a worker"
    assert labels_of(seen, "tiltyard_open_runs", "status") == {"queued", "running", "lost"}
    assert labels_of(seen, "tiltyard_runs_ended_last_hour", "status") == {"succeeded", "failed", "cancelled"}
    assert labels_of(seen, "tiltyard_queue_depth", "queue") == {"drain", "crons", "default", "training"}
    async with moved(hub, timedelta(hours=2)):
        later = figures((await page(hub)).text)
    assert value(later, "tiltyard_runs_ended_last_hour", status="cancelled") == 0


def test_workers_on_one_host_take_ports_of_their_own() -> None:
    first = first_free("127.0.0.1", 19_464)
    assert first is not None
    with first:
        second = first_free("127.0.0.1", first.getsockname()[1])
        assert second is not None
        with second:
            assert second.getsockname()[1] > first.getsockname()[1]
