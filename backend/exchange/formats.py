"""A log in the layouts of other platforms: writes one inference as lines of JSON, and reads such lines.

`databricks`: the rows of a Databricks inference table. `kserve`: the CloudEvents 1.0 of KServe's inference logger, request and response, in structured mode.
`sagemaker`: the records of SageMaker's data capture. Values without a field of their own travel in the layout's place for callers' data: request_metadata,
CloudEvents extension attributes, customAttributes.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from backend.exchange.fields import UnreadableField, a_moment, a_text, a_whole, an_object, json_of, member, milliseconds, refused
from backend.exchange.payloads import base64_json, captured, inputs_in, is_error, scores_in

Layout = Literal["databricks", "kserve", "sagemaker"]
REQUEST, RESPONSE = "org.kubeflow.serving.inference.request", "org.kubeflow.serving.inference.response"
EXTRAS = ("version", "role", "phase", "entity_key", "correlation_id", "label", "actual", "caller", "decision", "decision_rule", "final_decision")
"""Fields that travel beside inputs, score, time and id."""
_json = msgspec.json.Encoder(order="deterministic").encode
_FORMS: dict[Layout, str] = {
    "databricks": "databricks_request_id is a text, timestamp_ms a whole number, request and response are JSON in a text, request_metadata is an object",
    "kserve": "id, type and component are texts, time is RFC 3339, data is JSON with instances or inputs, or with predictions or outputs",
    "sagemaker": "captureData.endpointInput and endpointOutput are objects with data and encoding, eventMetadata has eventId and inferenceTime",
}
"""The forms of a line's fields, for refusals without a more specific message."""


class Foreign(msgspec.Struct, frozen=True, kw_only=True):
    """An inference in the terms of a layout."""

    source_id: str
    at: datetime
    inputs: dict[str, Any]
    score: float | None
    latency_us: int | None = None
    failed: bool = False
    extras: dict[str, str] = {}
    component: str = ""
    """The part of a service that logged it: `predictor`, `transformer`; empty when the layout does not say."""
    line: int = -1
    """The line of the inference, from 0; of two lines the later."""

    @property
    def inference_id(self) -> UUID:
        """Return the source's id if it is a version 7 UUID; else an id of that moment, equal at every import."""
        try:
            given = UUID(self.source_id)
        except ValueError:
            given = UUID(int=0)
        if given.version == 7:
            return given
        digest = int.from_bytes(hashlib.blake2b(self.source_id.encode(), digest_size=10).digest(), "big")
        milliseconds = round(self.at.timestamp() * 1000)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | (digest >> 66 & 0xFFF) << 64 | 1 << 63 | digest & (1 << 62) - 1)


def lines_of(layout: Layout, slug: str, row: Mapping[str, Any]) -> list[bytes]:
    """Return a log row as lines of the layout."""
    return _WRITERS[layout](slug, row, {name: _text(row[name]) for name in EXTRAS if row.get(name) is not None})


def read(layout: Layout, lines: Iterable[bytes]) -> tuple[list[Foreign], list[tuple[int, str]]]:
    """Return the inferences of lines, and the unreadable lines (from 0), each with the reason."""
    found: list[Foreign] = []
    wrong: list[tuple[int, str]] = []
    events: dict[tuple[str, str], tuple[int, Any]] = {}
    for at, line in enumerate(lines):
        try:
            said = an_object(json_of(line, "the line"), "the line")
            told = _pair(events, at, said) if layout == "kserve" else _READERS[layout](said)
            found += [msgspec.structs.replace(one, line=at) for one in told]
        except UnreadableField as error:
            wrong.append((at, str(error)[:300]))
        except RecursionError:
            wrong.append((at, "the line is nested too deeply"))
        except (AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError):
            wrong.append((at, f"a field has another form than in the layout {layout}, in which {_FORMS[layout]}"))
    wrong += [(at, "the other event of this inference, its request or its response, is not here") for at, _ in events.values()]
    return _at_the_model(found), sorted(wrong)


def _at_the_model(found: list[Foreign]) -> list[Foreign]:
    """Return only the predictor's inference where a transformer and its predictor logged the same one: the predictor has the model's own inputs."""
    served = {one.source_id for one in found if one.component == "predictor"}
    return [one for one in found if one.component in ("", "predictor") or one.source_id not in served]


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


def _from_databricks(said: dict[str, Any]) -> list[Foreign]:
    identifier = a_text(said, "databricks_request_id")
    rows = inputs_in(json_of(member(said, "request"), "request"), "request")
    failed = a_whole(200 if said.get("status_code") is None else said["status_code"], "status_code") >= 400
    scores = _answered(None if failed else json_of(member(said, "response"), "response"), len(rows), "response")
    metadata = an_object(said.get("request_metadata") or {}, "request_metadata")
    extras = _extras({"version": metadata.get("model_version"), **metadata, "correlation_id": said.get("client_request_id")})
    # The tables of AI Gateway use other names for time and duration.
    stamp = said.get("timestamp_ms")
    at = milliseconds(stamp, "timestamp_ms") if stamp is not None else a_moment(said.get("request_time"), "request_time, as timestamp_ms is null,")
    took = said.get("execution_time_ms", said.get("execution_duration_ms"))
    return _each(identifier, at, rows, scores, extras, failed, None if took is None else a_whole(took, "execution_time_ms") * 1000)


def _answered(said: Any, rows: int, where: str) -> list[float | None]:
    """Return the scores of an answer; none for a failure's message."""
    return [None] * rows if said is None or is_error(said) else scores_in(said, rows, where)


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


def _pair(events: dict[tuple[str, str], tuple[int, Any]], at: int, said: dict[str, Any]) -> list[Foreign]:
    """Return the inference, once both events of a component are read."""
    if said.get("specversion") != "1.0":
        raise refused("specversion", said.get("specversion"), "1.0, of CloudEvents")
    if said.get("type") not in (REQUEST, RESPONSE):
        raise refused("type", said.get("type"), f"{REQUEST} or {RESPONSE}")
    component = str(said.get("component") or "")
    key = (a_text(said, "id"), component)
    other = events.pop(key, None)
    if other is None or other[1]["type"] == said["type"]:
        events[key] = (at, said)
        return []
    request, response = (said, other[1]) if said["type"] == REQUEST else (other[1], said)
    rows = inputs_in(_data(request), "data of the request")
    asked, answered = a_moment(request.get("time"), "time"), a_moment(response.get("time"), "time")
    extras = _extras({name: request.get(name.replace("_", "")) for name in EXTRAS} | {"version": request.get("version") or request.get("endpoint")})
    took = round((answered - asked).total_seconds() * 1e6)
    told = _each(key[0], asked, rows, _answered(_data(response), len(rows), "data of the response"), extras, False, took)
    return [msgspec.structs.replace(one, component=component) for one in told]


def _data(event: dict[str, Any]) -> Any:
    """Return an event's data: JSON, JSON in a text, or either in `data_base64`."""
    if event.get("data_base64") is not None:
        return base64_json(event["data_base64"], "data_base64")
    data = member(event, "data")
    if data is None and event["type"] == REQUEST:
        raise refused("data", None, "the request's JSON")
    return json_of(data, "data") if isinstance(data, str) else data


def _to_sagemaker(slug: str, row: Mapping[str, Any], extras: dict[str, str]) -> list[bytes]:
    said = {
        "captureData": {
            "endpointInput": _captured("INPUT", {"instances": [row["inputs"]]}),
            "endpointOutput": _captured("OUTPUT", {"predictions": [row["score"]]}),
        },
        "eventMetadata": {
            "eventId": str(row["inference_id"]),
            **({"inferenceId": extras.pop("correlation_id")} if "correlation_id" in extras else {}),
            "customAttributes": [f"{name}={value}" for name, value in extras.items()],
            "inferenceTime": _rfc3339(row["requested_at"]),
        },
        "eventVersion": "0",
    }
    return [_json(said)]


def _captured(mode: str, data: Any) -> dict[str, str]:
    return {"observedContentType": "application/json", "mode": mode, "data": _json(data).decode(), "encoding": "JSON"}


def _from_sagemaker(said: dict[str, Any]) -> list[Foreign]:
    if said.get("eventVersion") != "0":
        raise refused("eventVersion", said.get("eventVersion"), 'the text "0"')
    data = an_object(member(said, "captureData"), "captureData")
    metadata = an_object(member(said, "eventMetadata"), "eventMetadata")
    rows = inputs_in(captured(member(data, "endpointInput", "captureData"), "captureData.endpointInput"), "captureData.endpointInput.data")
    answer = None if data.get("endpointOutput") is None else captured(data["endpointOutput"], "captureData.endpointOutput")
    scores = _answered(answer, len(rows), "captureData.endpointOutput.data")
    attributes = metadata.get("customAttributes") or []
    if not isinstance(attributes, list):
        raise refused("eventMetadata.customAttributes", attributes, "a list of texts")
    told = dict(one.split("=", 1) for one in attributes if isinstance(one, str) and "=" in one)
    extras = _extras({"correlation_id": metadata.get("inferenceId"), **told})
    at = a_moment(metadata.get("inferenceTime"), "eventMetadata.inferenceTime")
    return _each(a_text(metadata, "eventId", "eventMetadata"), at, rows, scores, extras, answer is None, None)


def _each(
    source_id: str, at: datetime, rows: Sequence[dict[str, Any]], scores: Sequence[float | None], extras: dict[str, str], failed: bool, took: int | None
) -> list[Foreign]:
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
        raise UnreadableField(f"the outcome {extras['actual'][:100]!r} is no number")
    return extras


def _number(said: str) -> float:
    try:
        return float(said)
    except ValueError:
        return math.nan


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


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
