"""An ONNX file's metadata as a tree, like that of a JSON file. The graph's nodes and weights are not read."""

from typing import TYPE_CHECKING, Any

from backend.importing.errors import ForeignFile
from schemas.common import Json

if TYPE_CHECKING:
    from onnx import ValueInfoProto

_TEXTS = ("producer_name", "producer_version", "domain", "doc_string")


def looks_like_onnx(content: bytes) -> bool:
    """Return whether the bytes begin like a ModelProto: with its ir_version (field 1, a small number)."""
    return len(content) > 2 and content[0] == 8 and 1 <= content[1] <= 30 and content[2] in (0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72)


def onnx_tree(content: bytes) -> Json:
    """Return ir_version, producer, version, metadata_props, and the graph's inputs and outputs. Raises ForeignFile."""
    from onnx import ModelProto, TensorProto  # noqa: PLC0415  heavy: loaded when an ONNX file is imported

    model = ModelProto()
    try:
        model.ParseFromString(content)
    except Exception as error:  # protobuf's DecodeError, whichever implementation is in use
        raise ForeignFile("This begins like an ONNX model but does not parse: it is cut off, or is something else.") from error

    def value(info: "ValueInfoProto") -> dict[str, Any]:
        tensor = info.type.tensor_type
        kind = TensorProto.DataType.Name(tensor.elem_type).lower() if tensor.elem_type in TensorProto.DataType.values() else "other"
        return {"name": info.name, "type": kind, "shape": [one.dim_param or one.dim_value for one in tensor.shape.dim]}

    tree: dict[str, Any] = {"ir_version": model.ir_version, "opset_import": [{"domain": one.domain, "version": one.version} for one in model.opset_import]}
    tree |= {name: getattr(model, name) for name in _TEXTS if getattr(model, name)}
    if model.model_version:
        tree["model_version"] = model.model_version
    if model.metadata_props:
        tree["metadata_props"] = {one.key: one.value for one in model.metadata_props}
    constants = {one.name for one in model.graph.initializer}
    tree["graph"] = {
        "name": model.graph.name,
        "inputs": [value(one) for one in model.graph.input if one.name not in constants],
        "outputs": [value(one) for one in model.graph.output],
    }
    return tree
