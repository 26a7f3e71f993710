"""Spans for OpenTelemetry. Without a tracer provider nothing is created: `enabled()` reads one flag.

`OTEL_TRACES_EXPORTER` or `OTEL_EXPORTER_OTLP_ENDPOINT` switches tracing on if OpenTelemetry's SDK (and the exporter) is installed. A provider set by the
process's own start-up is used unchanged.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any

from opentelemetry import propagate, trace

log = logging.getLogger("tiltyard.tracing")
OTLP = ("otlp", "otlp_proto_http", "otlp_proto_grpc")
"""Names under which the packages of OTLP exporters register."""


class _State:
    enabled = False


def enabled() -> bool:
    """Return whether spans are recorded."""
    return _State.enabled


def detect() -> bool:
    """Check once whether a tracer provider is set. Called when a process opens its hub."""
    _State.enabled = not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
    return _State.enabled


def start(environment: Mapping[str, str] = os.environ) -> bool:
    """Set a tracer provider if the `OTEL_` variables ask for one. Return whether tracing is on. Missing packages are logged and stop nothing."""
    if detect():
        return True
    wanted = exporter_name(environment)
    if wanted is None:
        return False
    if find_spec("opentelemetry.sdk") is None:
        log.warning("OTEL_ variables ask for traces, but opentelemetry-sdk is not installed; install it, with the exporter you use")
        return False
    names = OTLP if wanted == "otlp" else (wanted,)
    found = {one.name: one for one in entry_points(group="opentelemetry_traces_exporter")}
    exporter = next((found[name] for name in names if name in found), None)
    if exporter is None:
        log.warning("OTEL_TRACES_EXPORTER asks for %r, but no installed package offers it", wanted)
        return False
    sdk, export = import_module("opentelemetry.sdk.trace"), import_module("opentelemetry.sdk.trace.export")
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.BatchSpanProcessor(exporter.load()()))
    trace.set_tracer_provider(provider)
    return detect()


def exporter_name(environment: Mapping[str, str]) -> str | None:
    """Return the exporter named by the variables.

    >>> exporter_name({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}), exporter_name({"OTEL_TRACES_EXPORTER": "console"})
    ('otlp', 'console')
    >>> exporter_name({}), exporter_name({"OTEL_TRACES_EXPORTER": "none"}), exporter_name({"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"})
    (None, None, None)
    """
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    endpoint = environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or environment.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    wanted = environment.get("OTEL_TRACES_EXPORTER") or ("otlp" if endpoint else "none")
    return None if wanted == "none" else wanted


@contextmanager
def span(name: str, kind: trace.SpanKind = trace.SpanKind.INTERNAL, headers: Mapping[str, str] | None = None, **attributes: Any) -> Iterator[None]:
    """Open a span around the block. `headers` of an incoming request may name its parent (W3C `traceparent`). An error is recorded and raised."""
    if not _State.enabled:
        yield
        return
    parent = propagate.extract(headers) if headers else None
    with trace.get_tracer("tiltyard").start_as_current_span(name, context=parent, kind=kind, attributes=_named(attributes)):
        yield


def note(**attributes: Any) -> None:
    """Further attributes of the span around this, such as `http__response__status_code=200`."""
    if _State.enabled:
        trace.get_current_span().set_attributes(_named(attributes))


def _named(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {key.replace("__", "."): value for key, value in attributes.items()}
