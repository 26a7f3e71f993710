"""Builds output tensors from predictions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from backend.runtimes.features import FeatureSpec
from rpc.v2.errors import InvalidRequest
from rpc.v2.tensors import packed
from schemas.common import Issue
from schemas.inference import Explanation, Prediction
from schemas.open_inference import Datatype, InferRequest, InferResponse, OutputTensor, Parameters, WantedOutput

_encode = msgspec.json.Encoder().encode


class OutputKind(NamedTuple):
    """An output: its datatype, and its value in one prediction."""

    datatype: Datatype
    value: Callable[[Prediction], Any]


COLUMNS: Mapping[str, OutputKind] = {
    "score": OutputKind("FP64", lambda one: one.score),
    "label": OutputKind("BYTES", lambda one: one.label),
    "margin": OutputKind("FP64", lambda one: one.output.margin),
    "version": OutputKind("BYTES", lambda one: one.version),
    "role": OutputKind("BYTES", lambda one: one.role),
    "inference_id": OutputKind("BYTES", lambda one: str(one.inference_id)),
    "decision": OutputKind("BYTES", lambda one: one.decision),
    "decision_rule": OutputKind("BYTES", lambda one: one.decision_rule),
    "explored": OutputKind("BOOL", lambda one: one.explored),
}
DECIDED = frozenset({"decision", "decision_rule", "explored"})
"""Outputs of groups that have a decision rule."""
SHAP_VALUES, SHAP_BASE = "shap_values", "shap_base"
EXPLAINED = (SHAP_VALUES, SHAP_BASE)


def wants_explanation(request: InferRequest) -> bool:
    """Return whether an explanation is among the requested outputs."""
    return any(output.name in EXPLAINED for output in request.outputs or ())


def check_outputs(request: InferRequest) -> None:
    """Raise InvalidRequest for an unknown output, or one requested in an unsupported way."""
    for number, output in enumerate(request.outputs or ()):
        pointer = f"/outputs/{number}"
        if output.name not in COLUMNS and output.name not in EXPLAINED:
            offered = ", ".join([*COLUMNS, *EXPLAINED])
            raise InvalidRequest(f"There is no output {output.name[:100]!r}. Available: {offered}.", issues=[Issue(pointer=pointer, message="unknown")])
        for name in ("classification", "shared_memory_region"):
            if name in (output.parameters or {}):
                raise InvalidRequest(f"`{name}` is not supported here.", issues=[Issue(pointer=f"{pointer}/parameters/{name}", message="not offered")])


def answer(slug: str, request: InferRequest, predictions: Sequence[Prediction], known: Mapping[str, FeatureSpec]) -> tuple[bytes, int | None]:
    """Return the body, and the length of its JSON when raw bytes follow."""
    by_default = bool((request.parameters or {}).get("binary_data_output"))
    outputs: list[OutputTensor] = []
    raw: list[bytes] = []
    for wanted in request.outputs or _usual(predictions):
        tensor = _tensor(wanted.name, predictions, known)
        if (wanted.parameters or {}).get("binary_data", by_default):
            raw.append(packed(tensor.datatype, tensor.data or []))
            tensor = msgspec.structs.replace(tensor, data=None, parameters={**(tensor.parameters or {}), "binary_data_size": len(raw[-1])})
        outputs.append(tensor)
    versions = {one.version for one in predictions}
    response = InferResponse(
        model_name=slug,
        model_version=versions.pop() if len(versions) == 1 else None,
        id=request.id,
        parameters=_parameters(predictions),
        outputs=outputs,
    )
    head = _encode(response)
    return (b"".join([head, *raw]), len(head)) if raw else (head, None)


def _usual(predictions: Sequence[Prediction]) -> list[WantedOutput]:
    """Return the default outputs."""
    absent = {"margin"} if all(one.label is not None for one in predictions) else {"margin", "label"}
    absent |= DECIDED if all(one.decision is None for one in predictions) else set()
    absent |= set() if any(one.explored for one in predictions) else {"explored"}
    return [WantedOutput(name=name) for name in COLUMNS if name not in absent]


def _parameters(predictions: Sequence[Prediction]) -> Parameters:
    first = predictions[0]
    said: Parameters = {"phase": first.phase, "stale": any(one.stale for one in predictions), "latency_us": first.latency_us}
    return said | {"inference_id": str(first.inference_id)} if len(predictions) == 1 else said


def _tensor(name: str, predictions: Sequence[Prediction], known: Mapping[str, FeatureSpec]) -> OutputTensor:
    rows = len(predictions)
    if name in COLUMNS:
        kind = COLUMNS[name]
        return OutputTensor(name=name, shape=[rows], datatype=kind.datatype, data=_said(kind, predictions))
    parameters = _manner(predictions)
    if name == SHAP_BASE:
        bases = [one.base if one else None for one in map(_explanation, predictions)]
        return OutputTensor(name=name, shape=[rows], datatype="FP64", data=bases, parameters=parameters)
    explained = [_explanation(one) for one in predictions]
    values = [one.values.get(feature, 0.0) if one else None for one in explained for feature in known]
    return OutputTensor(name=name, shape=[rows, len(known)], datatype="FP64", data=values, parameters=parameters)


def _said(kind: OutputKind, predictions: Sequence[Prediction]) -> list[Any]:
    """Return the values. An absent text becomes empty, because a tensor of texts has no null."""
    found = [kind.value(one) for one in predictions]
    return ["" if one is None else one for one in found] if kind.datatype == "BYTES" else found


def _manner(predictions: Sequence[Prediction]) -> Parameters | None:
    """Return the explanation method, if all rows have the same."""
    manners = {(one.method, one.exact, one.space) for one in map(_explanation, predictions) if one}
    return dict(zip(("method", "exact", "space"), manners.pop(), strict=True)) if len(manners) == 1 else None


def _explanation(one: Prediction) -> Explanation | None:
    """Return the contributions; None when the version has no explanation."""
    return one.explanation if one.explanation and one.explanation.method != "none" else None
