"""Requests that leave for a provider, as OpenTelemetry's SDK sees them: over real sockets, without the key, and with no trace header."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from backend import tracing
from backend.adapters.guarded_transport import AddressGuard
from backend.adapters.openai_compatible import OpenAiCompatible
from backend.connectors import errors
from backend.ports.secrets import Access, Secret
from tests.backend.connectors.conftest import KEY
from tests.support.openai_server import Fault, OpenAiServer
from tests.support.spans import exported


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    with exported() as exporter:
        yield exporter


async def ask(address: str) -> None:
    llm, access = OpenAiCompatible(AddressGuard(frozenset({address}))), Access("compatible", f"http://{address}/v1", Secret(KEY))
    schema = {"type": "object", "additionalProperties": False, "required": ["kind"], "properties": {"kind": {"type": "string", "enum": ["scalar"]}}}
    await llm.structured(access, schema, "Map it.", "The skeleton", model="gpt-test", timeout=20)


def the_request(spans: InMemorySpanExporter) -> ReadableSpan:
    found = [one for one in spans.get_finished_spans() if one.kind is SpanKind.CLIENT]
    assert [one.name for one in found] == ["HTTP POST"]
    assert KEY not in found[0].to_json()
    return found[0]


async def test_a_request_is_a_span_under_the_one_that_asked(spans: InMemorySpanExporter, provider: OpenAiServer, address: str) -> None:
    with tracing.span("run tests.asking"):
        await ask(address)
    request = the_request(spans)
    host, port = address.split(":")
    assert request.attributes == {"http.request.method": "POST", "server.address": host, "server.port": int(port), "http.response.status_code": 200}
    assert request.status.is_ok
    outer = next(one for one in spans.get_finished_spans() if one.name == "run tests.asking")
    assert request.parent is not None
    assert outer.context is not None
    assert (request.parent.span_id, request.parent.trace_id) == (outer.context.span_id, outer.context.trace_id)
    assert not {"traceparent", "tracestate", "baggage"} & provider.asked[0].headers.keys(), "a provider learns nothing of our traces"


async def test_a_provider_that_breaks_off_is_an_error_of_the_span(spans: InMemorySpanExporter, provider: OpenAiServer, address: str) -> None:
    provider.fail(Fault.DROP)
    with pytest.raises(errors.ProviderDown):
        await ask(address)
    request = the_request(spans)
    assert not request.status.is_ok
    assert [event.name for event in request.events] == ["exception"]


async def test_a_refusal_is_a_span_with_its_status(spans: InMemorySpanExporter, provider: OpenAiServer, address: str) -> None:
    provider.fail(Fault.BAD_KEY)
    with pytest.raises(errors.ProviderKeyRefused):
        await ask(address)
    attributes = the_request(spans).attributes
    assert attributes is not None
    assert attributes["http.response.status_code"] == 401
