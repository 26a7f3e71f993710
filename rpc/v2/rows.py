"""Builds rows of inputs from a request's tensors: one tensor per feature, or one matrix with a column per feature."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from backend.runtimes.features import FeatureSpec
from backend.serving.prepare import MOST_INPUTS
from rpc.bodies import InvalidBody, decode, pointer_of
from rpc.v2.errors import InvalidRequest, InvalidTensor
from rpc.v2.tensors import values
from schemas.common import Issue
from schemas.inference import Inputs, PredictBody
from schemas.open_inference import InferRequest, InputTensor

CONTEXT = ("use_case", "region", "product", "mode")
SEGMENT = "segments."

_decoder = msgspec.json.Decoder(InferRequest)


def read_request(head: bytes, raw: memoryview) -> tuple[InferRequest, list[memoryview | None]]:
    """Return the request, and for each input its raw bytes, if any. Raises MalformedBody, InvalidBody, InvalidRequest."""
    request = decode(_decoder, head)
    parts: list[memoryview | None] = []
    at = 0
    for number, tensor in enumerate(request.inputs):
        size = (tensor.parameters or {}).get("binary_data_size")
        if size is None:
            parts.append(None)
            continue
        if type(size) is not int or not 0 <= size <= len(raw) - at:
            raise InvalidRequest(
                f"The input {tensor.name[:100]!r} claims {str(size)[:24]} bytes, but only {len(raw) - at} are left behind the JSON.",
                issues=[Issue(pointer=f"/inputs/{number}/parameters/binary_data_size", message="more bytes than there are")],
            )
        parts.append(raw[at : at + size])
        at += size
    if at != len(raw):
        raise InvalidRequest(f"{len(raw) - at} bytes follow the JSON, but no input's `binary_data_size` covers them.")
    return request, parts


def rows_of(request: InferRequest, parts: Sequence[memoryview | None], known: Mapping[str, FeatureSpec]) -> list[Inputs]:
    """Return one object of inputs per row. A missing value (null; NaN among raw floats) is left out of its row. Raises InvalidTensor."""
    first = request.inputs[0]
    if len(request.inputs) == 1 and first.name not in known and len(first.shape) == 2:
        return _from_matrix(first, parts[0], known)
    count = _rows_in(first, 0)
    columns: dict[str, list[Any]] = {}
    for number, (tensor, part) in enumerate(zip(request.inputs, parts, strict=True)):
        pointer = f"/inputs/{number}"
        if tensor.name not in known:
            raise _unfit(f"No version of this group takes {tensor.name[:100]!r}. It takes {_listed(known)}.", pointer, "unknown feature")
        if tensor.name in columns:
            raise _unfit(f"The input {tensor.name[:100]!r} is sent twice.", pointer, "twice")
        if _rows_in(tensor, number) != count:
            raise _unfit(f"The inputs {tensor.name[:100]!r} and {first.name[:100]!r} differ in their number of rows.", pointer, "a different number of rows")
        columns[tensor.name] = _as_inputs(known[tensor.name], values(tensor, part, pointer))
    names = list(columns)
    return [_row(names, row) for row in zip(*columns.values(), strict=True)]


def body_of(request: InferRequest, rows: list[Inputs], explain: bool, prefer: str | None) -> PredictBody:
    """Return the request for the domain. Its `parameters` apply to the rows; unknown parameters are ignored."""
    given = request.parameters or {}
    context = {name: given[name] for name in CONTEXT if name in given}
    segments = {name[len(SEGMENT) :]: value for name, value in given.items() if name.startswith(SEGMENT)}
    said = {name: given[name] for name in ("entity_key", "correlation_id", "explain") if name in given} | ({"prefer": prefer} if prefer else {})
    try:
        body = msgspec.convert({**said, "inputs": [], "segments": segments, "context": context or None}, PredictBody)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        where = pointer_of(path.rstrip("`")).removeprefix("/context").replace("/segments/", "/segments.")
        raise InvalidBody("A parameter cannot be used.", issues=[Issue(pointer=f"/parameters{where}", message=message)]) from None
    return msgspec.structs.replace(body, inputs=rows, explain=explain or body.explain)


def _from_matrix(tensor: InputTensor, part: memoryview | None, known: Mapping[str, FeatureSpec]) -> list[Inputs]:
    _rows_in(tensor, 0, matrix=True)
    width = tensor.shape[1]
    if width != len(known):
        raise _unfit(f"The matrix has {str(width)[:24]} columns; this group takes {len(known)}, in this order: {_listed(known)}.", "/inputs/0/shape", "columns")
    flat = values(tensor, part, "/inputs/0")
    columns = [_as_inputs(spec, flat[at::width]) for at, spec in enumerate(known.values())]
    names = list(known)
    return [_row(names, row) for row in zip(*columns, strict=True)]


def _rows_in(tensor: InputTensor, number: int, matrix: bool = False) -> int:
    shape = tensor.shape
    if not matrix and (not shape or any(size != 1 for size in shape[1:])):
        raise _unfit(
            f"The input {tensor.name[:100]!r} has the shape {str(shape)[:80]}; a feature has [rows] or [rows, 1], a matrix of all features [rows, features].",
            f"/inputs/{number}/shape",
            "not the shape of a feature",
        )
    if not 1 <= shape[0] <= MOST_INPUTS:
        raise _unfit(
            f"A request must have from 1 to {MOST_INPUTS} rows, but {tensor.name[:100]!r} has {str(shape[0])[:24]}.", f"/inputs/{number}/shape", "rows"
        )
    return shape[0]


def _as_inputs(spec: FeatureSpec, column: list[Any]) -> list[Any]:
    """Return the row with categories by value. A text category may be given by its place in the list, as in a matrix of numbers. A number category is its
    value.
    """
    if not spec.categories or any(isinstance(one, str) for one in column) or any(kind != "text" for kind, _ in spec.categories):
        return column
    names = [name for _, name in spec.categories]
    return [names[int(one)] if type(one) in (int, float) and float(one).is_integer() and 0 <= one < len(names) else one for one in column]


def _row(names: Sequence[str], row: Sequence[Any]) -> Inputs:
    return {name: value for name, value in zip(names, row, strict=True) if value is not None}


def _listed(known: Mapping[str, FeatureSpec]) -> str:
    return ", ".join(list(known)[:50]) + (", …" if len(known) > 50 else "")


def _unfit(message: str, pointer: str, issue: str) -> InvalidTensor:
    return InvalidTensor(message, issues=[Issue(pointer=pointer, message=issue)])
