"""Spans, seen by the real SDK: of calls, predictions, runs and requests that leave; and none where nobody asked."""

from collections.abc import Iterator

import msgspec
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from backend import tracing
from backend.bootstrap import ServingHub
from backend.errors import HubError
from backend.runs import service as runs
from backend.runs.context import RunContext
from backend.runs.kinds import RunKind
from rpc.core import Request
from rpc.core.call import Exchange, call, find
from rpc.host import ProductHost
from rpc.root import root
from schemas.common import Json
from schemas.inference import PredictBody
from tests.support.group import serve_group
from tests.support.predictions import ask
from tests.support.spans import exported
from tests.support.tenants import Tenant
from workers.execute import execute

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    with exported() as exporter:
        yield exporter


async def test_a_call_a_prediction_and_a_run_are_spans(spans: InMemorySpanExporter, hub: ServingHub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant, challenger_share=0)
    spans.clear()
    await ask(hub, tenant, serving.group, PredictBody(inputs=serving.inputs))
    procedure = find(root, "groups.get")
    for slug in (serving.group.slug, "nowhere"):
        exchange = Exchange(ProductHost(hub), Request(path="groups.get", headers={"traceparent": PARENT}), tenant.admin)
        try:
            await call(exchange, procedure, msgspec.Raw(msgspec.json.encode({"slug": slug})))
        except HubError:
            assert slug == "nowhere"

    async def handle(task: RunContext) -> Json:
        return None

    async with hub.work(tenant.admin) as work:
        run_id = await runs.start(work, "tests.traced", "tests", {})
    await execute(hub, {"tests.traced": RunKind(name="tests.traced", handler=handle)}, "w1", run_id)
    found = spans.get_finished_spans()
    assert [one.name for one in found] == ["predict", "groups.get", "groups.get", "run tests.traced"]
    predict, right, wrong, run = found
    assert predict.attributes is not None
    assert predict.attributes["tiltyard.group"] == serving.group.slug
    assert right.parent is not None
    assert f"{right.parent.trace_id:032x}" in PARENT, "the caller's trace goes on"
    assert (right.status.is_ok, wrong.status.is_ok) == (True, False)
    assert run.attributes is not None
    assert run.attributes["tiltyard.run"] == str(run_id)


async def test_without_a_provider_no_span_is_made(monkeypatch: pytest.MonkeyPatch, hub: ServingHub, tenant: Tenant) -> None:
    def refuse(*arguments: object, **more: object) -> None:
        raise AssertionError("span machinery on the path of a prediction")

    assert not tracing.detect()
    monkeypatch.setattr(trace, "get_tracer", refuse)
    monkeypatch.setattr(tracing, "span", refuse)
    serving = await serve_group(hub, tenant, challenger_share=0)
    await ask(hub, tenant, serving.group, PredictBody(inputs=serving.inputs))


def test_what_the_variables_ask_for_and_is_not_there_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert not tracing.start({})
    assert not tracing.start({"OTEL_TRACES_EXPORTER": "carrier_pigeon"})
    assert "carrier_pigeon" in caplog.text
