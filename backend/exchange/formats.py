"""A log in the layouts of other platforms: one inference as lines of JSON, and such lines as inferences.

`databricks`: the rows of a Databricks inference table. `kserve`: the CloudEvents 1.0 of KServe's inference logger, request and response, in structured mode.
`sagemaker`: the records of SageMaker's data capture. What they have no field for travels where they keep a caller's own: request_metadata,
CloudEvents extension attributes, customAttributes.
"""

import base64
import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from backend.exchange.tensors import are_tensors, inputs_of, scores_of

Layout = Literal["databricks", "kserve", "sagemaker"]
REQUEST, RESPONSE = "org.kubeflow.serving.inference.request", "org.kubeflow.serving.inference.response"
EXTRAS = ("version", "role", "phase", "entity_key", "correlation_id", "label", "actual", "caller")
"""What travels beside inputs, score, time and id."""
_json = msgspec.json.Encoder(order="deterministic").encode


class Foreign(msgspec.Struct, frozen=True, kw_only=True):
    """An inference as a layout tells it."""

    source_id: str
    at: datetime
    inputs: dict[str, Any]
    score: float | None
    latency_us: int | None = None
    failed: bool = False
    extras: dict[str, str] = {}
    line: int = -1
    """Which line told of it, from 0; of two the later."""

    @property
    def inference_id(self) -> UUID:
        """The id that the source gave, where it is of version 7; else one of that moment, the same each time it is imported."""
        try:
            given = UUID(self.source_id)
        except ValueError:
            given = UUID(int=0)
        if given.version == 7:
            return given
        digest = int.from_bytes(hashlib.blake2b(self.source_id.encode(), digest_size=10).digest(), "big")
        milliseconds = round(self.at.timestamp() * 1000)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | (digest >> 66 & 0xFFF) << 64 | 1 << 63 | digest & (1 << 62) - 1)


class Unreadable(Exception):
    """A line is not of the layout; the message says why."""


def lines_of(layout: Layout, slug: str, row: Mapping[str, Any]) -> list[bytes]:
    """A row of a log as the layout's lines."""
    return _WRITERS[layout](slug, row, {name: _text(row[name]) for name in EXTRAS if row[name] is not None})


def read(layout: Layout, lines: Iterable[bytes]) -> tuple[list[Foreign], list[tuple[int, str]]]:
    """The inferences of lines, and the lines (from 0) that cannot be read, each with the reason."""
    found: list[Foreign] = []
    wrong: list[tuple[int, str]] = []
    open_events: dict[str, tuple[int, Any]] = {}
    for at, line in enumerate(lines):
        try:
            said = msgspec.json.decode(line)
            told = _pair(open_events, at, said) if layout == "kserve" else _READERS[layout](said)
            found += [msgspec.structs.replace(one, line=at) for one in told]
        except Unreadable as error:
            wrong.append((at, str(error)))
        except RecursionError:
            wrong.append((at, "nested too deeply"))
        except (msgspec.DecodeError, AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            wrong.append((at, f"{type(error).__name__}: {error}"[:300]))
    wrong += [(at, "the other event of this inference, its request or its response, is not here") for at, _ in open_events.values()]
    return found, sorted(wrong)


def _to_databricks(slug: str, row: Mapping[str, Any], extras: dict[str, str]) -> list[bytes]:
    at: datetime = row["requested_at"]
    said = {
        "client_request_id": row["correlation_id"],
        "databricks_request_id": str(row["inference_id"]),
        "date": at.astimezone(UTC).date().isoformat(),
        "timestamp_ms": _milliseconds(at),
        "status_code": 502 if row["status"] == "failed" else 200,
        "execution_time_ms": (row["latency_us"] or 0) // 1000,
        "request": _json({"dataframe_records": [row["inputs"]]}).decode(),
        "response": _json({"predictions": [row["score"]]}).decode(),
        "sampling_fraction": 1.0,
        "request_metadata": {"endpoint_name": slug, "model_name": slug, "model_version": row["version"], **extras},
    }
    return [_json(said)]


def _from_databricks(said: Any) -> list[Foreign]:
    rows = _inputs_of(msgspec.json.decode(said["request"]))
    scores = _scores_of(msgspec.json.decode(said["response"]) if said.get("response") else None, len(rows))
    metadata = said.get("request_metadata") or {}
    extras = _extras({"version": metadata.get("model_version"), **metadata, "correlation_id": said.get("client_request_id")})
    # The tables of AI Gateway name time and duration otherwise.
    at = datetime.fromtimestamp(said["timestamp_ms"] / 1000, UTC) if "timestamp_ms" in said else _moment(said["request_time"])
    took = said.get("execution_time_ms", said.get("execution_duration_ms"))
    failed = int(said.get("status_code") or 200) >= 400
    return _each(str(said["databricks_request_id"]), at, rows, scores, extras, failed, None if took is None else int(took) * 1000)


def _to_kserve(slug: str, row: Mapping[str, Any], extras: dict[str, str]) -> list[bytes]:
    at: datetime = row["requested_at"]
    answered = at + timedelta(microseconds=row["latency_us"] or 0)
    common = {
        "specversion": "1.0",
        "id": str(row["inference_id"]),
        "source": f"/v1/groups/{slug}/predict",
        "datacontenttype": "application/json",
        "inferenceservicename": slug,
        "namespace": "tiltyard",
        "component": "predictor",
        "endpoint": row["version"],
        **{name.replace("_", ""): said for name, said in extras.items()},
    }
    return [
        _json({**common, "type": REQUEST, "time": _rfc3339(at), "data": {"instances": [row["inputs"]]}}),
        _json({**common, "type": RESPONSE, "time": _rfc3339(answered), "data": {"predictions": [row["score"]]}}),
    ]


def _pair(open_events: dict[str, tuple[int, Any]], at: int, said: Any) -> list[Foreign]:
    if said.get("specversion") != "1.0" or said["type"] not in (REQUEST, RESPONSE):
        raise Unreadable(f"not a CloudEvent of KServe's logger: type {said.get('type')!r}, specversion {said.get('specversion')!r}")
    other = open_events.pop(said["id"], None)
    if other is None or other[1]["type"] == said["type"]:
        open_events[said["id"]] = (at, said)
        return []
    request, response = (said, other[1]) if said["type"] == REQUEST else (other[1], said)
    rows = _inputs_of(request["data"])
    asked, answered = _moment(request["time"]), _moment(response["time"])
    extras = _extras({name: request.get(name.replace("_", "")) for name in EXTRAS} | {"version": request.get("version") or request.get("endpoint")})
    took = round((answered - asked).total_seconds() * 1e6)
    return _each(str(request["id"]), asked, rows, _scores_of(response["data"], len(rows)), extras, False, took)


def _to_sagemaker(slug: str, row: Mapping[str, Any], extras: dict[str, str]) -> list[bytes]:
    said = {
        "captureData": {
            "endpointInput": _captured("INPUT", {"instances": [row["inputs"]]}),
            "endpointOutput": _captured("OUTPUT", {"predictions": [row["score"]]}),
        },
        "eventMetadata": {
            "eventId": str(row["inference_id"]),
            "customAttributes": [f"{name}={value}" for name, value in extras.items()],
            "inferenceTime": _rfc3339(row["requested_at"]),
        },
        "eventVersion": "0",
    }
    return [_json(said)]


def _captured(mode: str, data: Any) -> dict[str, str]:
    return {"observedContentType": "application/json", "mode": mode, "data": _json(data).decode(), "encoding": "JSON"}


def _from_sagemaker(said: Any) -> list[Foreign]:
    if said.get("eventVersion") != "0":
        raise Unreadable(f"eventVersion {said.get('eventVersion')!r} is not '0'")
    rows = _inputs_of(_payload(said["captureData"]["endpointInput"]))
    metadata = said["eventMetadata"]
    output = said["captureData"].get("endpointOutput")
    attributes = dict(one.split("=", 1) for one in metadata.get("customAttributes") or [] if "=" in one)
    scores = _scores_of(_payload(output) if output else None, len(rows))
    return _each(str(metadata["eventId"]), _moment(metadata["inferenceTime"]), rows, scores, _extras(attributes), output is None, None)


def _payload(captured: Any) -> Any:
    """JSON as it is; CSV as its numbers, one row a line; either of them under base64."""
    data, encoding = captured["data"], captured["encoding"]
    if encoding == "BASE64":
        data = base64.b64decode(data, validate=True).decode()
    if encoding == "CSV" or captured.get("observedContentType", "").startswith("text/csv"):
        return [[float(cell) for cell in line.split(",")] for line in data.strip().splitlines()]
    return msgspec.json.decode(data)


def _inputs_of(said: Any) -> list[dict[str, Any]]:
    """Rows of named inputs: `instances`, `dataframe_records`, `dataframe_split`, `inputs` (rows or tensors), or one object.

    Numbers without names are `f0`, `f1`, …
    """
    if isinstance(said, dict) and are_tensors(said.get("inputs")):
        return inputs_of(said["inputs"])
    if isinstance(said, dict) and "dataframe_split" in said:
        split = said["dataframe_split"]
        return [dict(zip(split["columns"], row, strict=True)) for row in split["data"]]
    rows = next((said[name] for name in ("instances", "dataframe_records", "inputs") if name in said), said) if isinstance(said, dict) else said
    rows = rows if isinstance(rows, list) else [rows]
    if rows and not isinstance(rows[0], list | dict):
        rows = [rows]
    return [row if isinstance(row, dict) else {f"f{at}": value for at, value in enumerate(row)} for row in rows]


def _scores_of(said: Any, rows: int) -> list[float | None]:
    """One number a row; none where it is not finite. Where there are two, as of two classes, the second."""
    if said is None:
        return [None] * rows
    if isinstance(said, dict) and are_tensors(said.get("outputs")):
        said = scores_of(said["outputs"])
    scores = said.get("predictions", said.get("outputs", said)) if isinstance(said, dict) else said
    scores = scores if isinstance(scores, list) else [scores]
    flat = [one[-1] if isinstance(one, list) and len(one) in (1, 2) else one for one in scores]
    if len(flat) != rows or not all(one is None or (isinstance(one, int | float) and not isinstance(one, bool)) for one in flat):
        raise Unreadable(f"{rows} rows of inputs, and predictions that are not as many numbers")
    return [float(one) if one is not None and math.isfinite(one) else None for one in flat]


def _each(
    source_id: str, at: datetime, rows: Sequence[dict[str, Any]], scores: Sequence[float | None], extras: dict[str, str], failed: bool, took: int | None
) -> list[Foreign]:
    if not rows:
        raise Unreadable("no inputs")
    many = len(rows) > 1
    return [
        Foreign(
            source_id=f"{source_id}#{n}" if many else source_id, at=at, inputs=row, score=score, latency_us=took, failed=failed or score is None, extras=extras
        )
        for n, (row, score) in enumerate(zip(rows, scores, strict=True))
    ]


def _extras(said: Mapping[str, Any]) -> dict[str, str]:
    extras = {name: _text(said[name]) for name in EXTRAS if said.get(name) is not None}
    if not math.isfinite(_number(extras.get("actual", "0"))):
        raise Unreadable(f"the outcome {extras['actual'][:100]!r} is no number")
    return extras


def _number(said: str) -> float:
    try:
        return float(said)
    except ValueError:
        return math.nan


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _moment(said: str) -> datetime:
    at = datetime.fromisoformat(said)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


_WRITERS: dict[Layout, Callable[[str, Mapping[str, Any], dict[str, str]], list[bytes]]] = {
    "databricks": _to_databricks,
    "kserve": _to_kserve,
    "sagemaker": _to_sagemaker,
}
_READERS: dict[Layout, Callable[[Any], list[Foreign]]] = {"databricks": _from_databricks, "sagemaker": _from_sagemaker}
