"""The classes of an ONNX classifier, and the width of its score output, read from the graph."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backend.catalog.artifacts import errors

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto, TensorProto

CLASSIFIERS = ("TreeEnsembleClassifier", "LinearClassifier", "SVMClassifier")
PASS_THROUGH_NODES = ("ZipMap", "Identity", "Cast", "Normalizer")
OUTPUT_COUNTS = {"TreeEnsembleRegressor": "n_targets", "LinearRegressor": "targets", "TreeEnsemble": "n_targets"}
LABELS = ("classlabels_int64s", "classlabels_ints", "classlabels_strings")


def classes_of(graph: "GraphProto", output: str) -> tuple[str, ...]:
    """Return the class labels in the order of the score's columns; empty when the graph names none. Raises `UnsupportedModel` for more than two classes.

    A ZipMap before the output names its classes; else the graph's only list of labels, in a classifier or in a constant that labels are taken from.
    """
    makers = {name: node for node in graph.node for name in node.output}
    maker = makers.get(output)
    found = {_labels(maker)} if maker is not None and maker.op_type == "ZipMap" else set()
    found = found or {_labels(node) for node in graph.node if node.op_type in CLASSIFIERS} - {()}
    found = found or set(_constant_labels(graph)) - {()}
    classes = found.pop() if len(found) == 1 else ()
    if len(classes) > 2:
        said = ", ".join(classes[:10]) + (", …" if len(classes) > 10 else "")
        raise errors.UnsupportedModel(
            f"The classifier has {len(classes)} classes ({said}); Tiltyard serves models that give one score per row. "
            "Train it on two classes (this one against the rest), and upload one model for each question."
        )
    return classes


def columns_of(graph: "GraphProto", output: str, classes: tuple[str, ...]) -> int:
    """Return the count of numbers that the score output gives per row: 1, or 2 for two classes. Raises `UnsupportedModel` for several targets."""
    makers = {name: node for node in graph.node for name in node.output}
    shape = next(entry for entry in graph.output if entry.name == output).type.tensor_type.shape.dim
    width = shape[1].dim_value if len(shape) == 2 else 1 if shape else 0
    probable = "prob" in output.lower()
    for _ in range(len(makers) + 1):
        maker = makers.get(output)
        if maker is None:
            break
        width = max(width, _targets(maker))
        probable |= maker.op_type in (*CLASSIFIERS, "Softmax", "ZipMap")
        width = max(width, 2) if maker.op_type in ("ZipMap", "TreeEnsembleClassifier") and len(classes) == 2 else width
        if maker.op_type not in PASS_THROUGH_NODES:
            break
        output = maker.input[0]
    if width > 2 or (width == 2 and not classes and not probable):
        raise errors.UnsupportedModel(
            f"The model gives {width} numbers per row and names no classes: it predicts {width} targets. Tiltyard serves models that give one score per row: "
            "export one model for each target."
        )
    return max(width, 1)


def _targets(node: "NodeProto") -> int:
    wanted = OUTPUT_COUNTS.get(node.op_type)
    return max((int(entry.i) for entry in node.attribute if entry.name == wanted), default=1)


def _labels(node: "NodeProto") -> tuple[str, ...]:
    for entry in node.attribute:
        if entry.name in LABELS and (entry.ints or entry.strings):
            return tuple(text.decode(errors="replace") for text in entry.strings) or tuple(map(str, entry.ints))
    return ()


def _constant_labels(graph: "GraphProto") -> Iterator[tuple[str, ...]]:
    """Return the constants that labels are taken from by position (`ArrayFeatureExtractor`). scikit-learn's voting and calibrated classifiers are written
    so.
    """
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "ArrayFeatureExtractor" and node.input[0] in tensors:
            yield _values(tensors[node.input[0]])


def _values(tensor: "TensorProto") -> tuple[str, ...]:
    from onnx import TensorProto, numpy_helper  # noqa: PLC0415  heavy

    if tensor.data_type == TensorProto.STRING:
        return tuple(text.decode(errors="replace") for text in tensor.string_data)
    if tensor.data_type in (TensorProto.INT64, TensorProto.INT32):
        return tuple(str(value) for value in numpy_helper.to_array(tensor).ravel().tolist())
    return ()
