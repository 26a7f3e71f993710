"""The steps of an ONNX graph between its inputs and its trees, if each step handles every feature by itself."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backend.numerics.trees.forest import Floats
from backend.numerics.trees.onnx_attributes import Attributes
from backend.numerics.trees.onnx_nodes import UnclearGraph

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

FLOAT, DOUBLE = 1, 11
Kind = np.dtype[Any]
Tensor = NDArray[Any]
KINDS: dict[int, Kind] = {FLOAT: np.dtype(np.float32), DOUBLE: np.dtype(np.float64), 6: np.dtype(np.int32), 7: np.dtype(np.int64)}
"""ONNX's numbers of an input's possible types."""
Step = tuple[Callable[[Floats], Tensor], list[int], Kind]
"""The way from the features' matrix to a tensor, the features of its columns, and its type."""


def reading(model: "ModelProto", name: str, features: int) -> tuple[Callable[[Floats], Floats], bool]:
    """Return the function from rows [n, f] to the tensor `name`, and whether that has doubles. Raises `UnclearGraph`."""
    step, columns, kind = _step(model, name, 0)
    if columns != list(range(features)) or kind not in (np.float32, np.float64):
        raise UnclearGraph("the trees do not read the features in their order")

    def read(matrix: Floats) -> Floats:
        with np.errstate(over="ignore", invalid="ignore"):
            return step(matrix).astype(np.float64)

    return read, kind == np.float64


def _step(model: "ModelProto", name: str, depth: int) -> Step:
    given, at = {tensor.name for tensor in model.graph.initializer}, 0
    for entry in model.graph.input:
        if entry.name in given:
            continue
        width = entry.type.tensor_type.shape.dim[1].dim_value
        if entry.name == name:
            return _input(at, width, KINDS[entry.type.tensor_type.elem_type])
        at += width
    node = next((node for node in model.graph.node if name in node.output), None)
    if node is None or depth > 64:
        raise UnclearGraph("a tensor that nothing makes")
    return _made(model, node, depth)


def _input(at: int, width: int, kind: Kind) -> Step:
    return lambda matrix: matrix[:, at : at + width].astype(kind), list(range(at, at + width)), kind


def _made(model: "ModelProto", node: "NodeProto", depth: int) -> Step:
    attributes = Attributes.of(node)
    if node.op_type == "FeatureVectorizer" or (node.op_type == "Concat" and attributes.integer("axis", 1) in (1, -1)):
        parts = [_step(model, name, depth + 1) for name in node.input]
        columns = [at for _, part, _ in parts for at in part]
        if node.op_type == "FeatureVectorizer":  # gives floats for any input
            return lambda matrix: np.concatenate([step(matrix).astype(np.float32) for step, _, _ in parts], axis=1), columns, KINDS[FLOAT]
        if len({kind for _, _, kind in parts}) == 1:
            return lambda matrix: np.concatenate([step(matrix) for step, _, _ in parts], axis=1), columns, parts[0][2]
        raise UnclearGraph("columns of several types")
    step, columns, kind = _step(model, node.input[0], depth + 1)
    if node.op_type == "Identity":
        return step, columns, kind
    if node.op_type == "Cast" and attributes.integer("to", 0) in KINDS:
        to = KINDS[attributes.integer("to", 0)]
        return lambda matrix: step(matrix).astype(to), columns, to
    if node.op_type == "Scaler":
        offset, scale = (attributes.floats(name).astype(np.float32) for name in ("offset", "scale"))
        return lambda matrix: (step(matrix).astype(np.float32) - offset) * scale, columns, KINDS[FLOAT]
    if node.op_type == "Imputer" and kind in (np.float32, np.float64) and np.isnan(attributes.given["replaced_value_float"].f):
        values = attributes.floats("imputed_value_floats").astype(kind)

        def impute(matrix: Floats) -> Tensor:
            found = step(matrix)
            return np.where(np.isnan(found), values, found)

        return impute, columns, kind
    raise UnclearGraph(f"the step {node.op_type}")
