"""`/metrics`: true figures, for the operator alone."""

from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from backend.actor import Actor
from backend.bootstrap import ServingHub, open_hub
from backend.errors import HubError
from backend.hub import Hub
from backend.metrics import Metrics, allowed
from backend.settings import Settings
from rpc.app import Application
from rpc.core import Request
from rpc.core.call import Exchange, call, find
from rpc.host import ProductHost
from rpc.root import root
from schemas.inference import PredictBody
from tests.support.group import serve_group
from tests.support.predictions import ask
from tests.support.tenants import Tenant
from workers.metrics_server import first_free

ADDRESS = ("127.0.0.1", 1)


async def page(hub: Hub, client: tuple[str, int] = ADDRESS, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=Metrics(hub), client=client)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as http:
        return await http.get("/metrics", headers={name.replace("_", "-"): value for name, value in headers.items()})


def figures(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {(sample.name, frozenset(sample.labels.items())): sample.value for family in text_string_to_metric_families(text) for sample in family.samples}


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
    assert seen["tiltyard_metrics_samples_failed", frozenset()] == 1


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


def test_workers_on_one_host_take_ports_of_their_own() -> None:
    first = first_free("127.0.0.1", 19_464)
    assert first is not None
    with first:
        second = first_free("127.0.0.1", first.getsockname()[1])
        assert second is not None
        with second:
            assert second.getsockname()[1] > first.getsockname()[1]
