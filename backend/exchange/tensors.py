"""Tensors of the Open Inference Protocol (KServe's v2) as rows.

Source: github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from backend.exchange.fields import UnreadableField, refused


def are_tensors(said: Any) -> bool:
    """Return whether this is a list of the protocol's tensors."""
    return isinstance(said, list) and bool(said) and all(isinstance(one, dict) and {"name", "shape", "datatype"} <= one.keys() for one in said)


def inputs_of(tensors: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of named inputs.

    A tensor of one number per row keeps its name. The columns of a single matrix are `f0`, `f1`, …; those of several are `name_0`, ….

    Raises Unreadable when they do not fit together.

    >>> age = {"name": "age", "shape": [2], "datatype": "INT64", "data": [31, 40]}
    >>> inputs_of([age, {"name": "pay", "shape": [2, 1], "datatype": "FP64", "data": [[1.5], [2]]}])
    [{'age': 31, 'pay': 1.5}, {'age': 40, 'pay': 2}]
    >>> inputs_of([{"name": "input-0", "shape": [1, 3], "datatype": "FP64", "data": [1, 2, 3]}])
    [{'f0': 1, 'f1': 2, 'f2': 3}]
    """
    for tensor in tensors:
        if not isinstance(tensor["name"], str):
            raise refused("the name of a tensor", tensor["name"], "a text")
    columns = [column for tensor in tensors for column in _columns(tensor, alone=len(tensors) == 1)]
    names = [name for name, _ in columns]
    if len({len(values) for _, values in columns}) > 1:
        raise UnreadableField(f"the tensors {', '.join(map(str, names))[:100]} have different numbers of rows; they must have the same")
    return [dict(zip(names, row, strict=True)) for row in zip(*(values for _, values in columns), strict=True)]


def scores_of(tensors: Sequence[dict[str, Any]]) -> list[list[Any]]:
    """Return each row's answer: of several tensors the first floating one, because labels come beside probabilities. Raises as `inputs_of`.

    >>> labels = {"name": "predict", "shape": [2], "datatype": "INT64", "data": [0, 1]}
    >>> scores_of([labels, {"name": "predict_proba", "shape": [2, 2], "datatype": "FP64", "data": [0.9, 0.1, 0.2, 0.8]}])
    [[0.9, 0.1], [0.2, 0.8]]
    """
    return _rows(next((one for one in tensors if "FP" in str(one["datatype"]) or one["datatype"] == "BF16"), tensors[0]))


def _columns(tensor: dict[str, Any], alone: bool) -> list[tuple[str, list[Any]]]:
    rows = _rows(tensor)
    width = len(rows[0]) if rows else 0
    names = [tensor["name"]] if width == 1 else [f"f{at}" if alone else f"{tensor['name']}_{at}" for at in range(width)]
    return list(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def _rows(tensor: dict[str, Any]) -> list[list[Any]]:
    named = f"the tensor {tensor['name']!r}"
    if not isinstance(tensor.get("data"), list):
        raise UnreadableField(f"{named} has no data here; binary tensors are not supported")
    shape = tensor["shape"] or [1]
    if not isinstance(shape, list) or not all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in shape):
        raise refused(f"the shape of {named}", shape, "a list of whole numbers")
    flat = list(_flat(tensor["data"]))
    width = math.prod(shape[1:])
    if len(flat) != shape[0] * width or not flat:
        raise UnreadableField(f"{named} has {len(flat)} values, which do not fill its shape {shape}")
    return [flat[at : at + width] for at in range(0, len(flat), width)]


def _flat(data: Any) -> Iterator[Any]:
    for one in data:
        if isinstance(one, list):
            yield from _flat(one)
        else:
            yield one
