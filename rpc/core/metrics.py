"""Prometheus series of procedures."""

from collections.abc import Mapping
from typing import Any

from prometheus_client import Counter, Histogram

from backend.declarations.metrics import DURATIONS, REGISTRY

CALLS = Counter("tiltyard_rpc_requests", "Calls of procedures, by result: `ok` or the error's reason.", ("procedure", "result"), registry=REGISTRY)
CALL_SECONDS = Histogram("tiltyard_rpc_duration_seconds", "Duration of calls of procedures.", ("procedure",), registry=REGISTRY, buckets=DURATIONS)

_paths: dict[int, str] = {}


def name_series(procedures: Mapping[str, Any]) -> None:
    """Set the dotted path of each procedure's series. The root router calls it."""
    _paths.update({id(procedure): path for path, procedure in procedures.items()})


def path_of(procedure: Any) -> str:
    """Return a procedure's dotted path."""
    return _paths.get(id(procedure), str(procedure.name))


def note_call(procedure: Any, result: str, seconds: float) -> None:
    """Record the end of a call."""
    path = path_of(procedure)
    CALLS.labels(path, result).inc()
    CALL_SECONDS.labels(path).observe(seconds)
