"""ONNX: parsed as data, checked by `onnx.checker` and by our own rules. No session is created here."""

from typing import TYPE_CHECKING

from backend.catalog.artifacts import errors
from backend.catalog.artifacts.facts import ArtifactFacts
from backend.catalog.artifacts.onnx_classes import classes_of, columns_of
from backend.catalog.artifacts.onnx_trees import CLASSIC, SharedSubtrees, check_trees
from backend.numerics.trees.lightgbm_fields import MalformedTrees
from backend.numerics.trees.onnx_signature import feature_names, score_output
from schemas.catalog import ArtifactKind

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto

DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}
MAX_NODES = 50_000
MAX_FEATURES = 10_000
EXPORT = "Export it again, for example with `skl2onnx.to_onnx(model, X[:1])`."


def onnx_facts(content: bytes, sha256: str) -> ArtifactFacts:
    """Return the facts of an ONNX file: one row of numbers in, one score out."""
    model = _parse(content)
    _check_graphs(model)
    widths, named = _inputs(model.graph)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    features, told = feature_names(widths, metadata)
    if not 1 <= len(features) <= MAX_FEATURES:
        raise errors.UnsupportedModel(f"The model takes {len(features)} features; 1 to {MAX_FEATURES} are allowed.")
    output = _check_output(model.graph)
    _refuse_doubles(model.graph, output)
    classes = classes_of(model.graph, output)
    columns = columns_of(model.graph, output, classes)
    try:
        trees, leaves = check_trees(model.graph, len(features))
    except MalformedTrees as error:
        raise errors.MalformedArtifact(f"This is ONNX, but one of its tree ensembles is not sound. {error} {EXPORT}") from error
    except SharedSubtrees as error:
        raise errors.UnsupportedModel(
            "Branches of one of its trees share a subtree, which Tiltyard does not serve. "
            "Export it with every tree written out, as skl2onnx and onnxmltools do."
        ) from error
    _run_checker(model)
    return ArtifactFacts(
        kind=ArtifactKind.ONNX,
        sha256=sha256,
        size_bytes=len(content),
        features=features,
        named=named or told,
        outputs=1,
        objective="binary" if classes else None,
        trees=trees,
        leaves=leaves,
        classes=classes,
        columns=columns,
        probability=True if classes or "prob" in output.lower() else None,
    )


def _parse(content: bytes) -> "ModelProto":
    from onnx import ModelProto  # noqa: PLC0415  heavy: loaded when an artifact is inspected

    model = ModelProto()
    try:
        model.ParseFromString(content)
    except Exception as error:  # protobuf's DecodeError, of any implementation
        raise errors.MalformedArtifact(f"This begins like ONNX but does not parse: it is cut off, or it is another kind of file. {EXPORT}") from error
    if not _is_text(model):
        raise errors.MalformedArtifact(f"This is ONNX, but a name in it is not UTF-8 text: it was edited. {EXPORT}")
    if model.ir_version < 3 or not model.opset_import or not model.graph.node:
        raise errors.UnknownArtifact
    return model


def _is_text(model: "ModelProto") -> bool:
    """Return whether every name is text. The parser returns bytes for a name that is not UTF-8."""
    graph = model.graph
    names: list[object] = [entry.name for entry in [*graph.input, *graph.output, *graph.initializer, *model.functions]]
    names += [entry.domain for entry in model.opset_import] + [part for entry in model.metadata_props for part in (entry.key, entry.value)]
    for node in graph.node:
        names += [node.name, node.op_type, node.domain, *node.input, *node.output, *(attribute.name for attribute in node.attribute)]
    return all(isinstance(name, str) for name in names)


def _check_graphs(model: "ModelProto") -> None:
    if len(model.functions):
        raise errors.UnsupportedModel(f"The model defines functions of its own ({model.functions[0].name}); export it with them inlined.")
    strange = sorted({entry.domain for entry in model.opset_import} - DOMAINS)
    if strange:
        raise errors.UnsupportedModel(f"The model uses operators of {', '.join(strange)}; only ai.onnx and ai.onnx.ml are served.")
    if len(model.graph.node) > MAX_NODES:
        raise errors.UnsupportedModel(f"The model has {len(model.graph.node)} nodes; up to {MAX_NODES} are allowed.")
    for node in model.graph.node:
        if node.domain not in DOMAINS:
            raise errors.UnsupportedModel(f"The node {node.name or node.op_type} is of {node.domain}; only ai.onnx and ai.onnx.ml are served.")
        for attribute in node.attribute:
            if attribute.HasField("g") or len(attribute.graphs):
                raise errors.UnsupportedModel(f"The node {node.name or node.op_type} has a graph inside (a loop or a branch), which Tiltyard does not serve.")
            _check_internal(attribute.t, node.name or node.op_type)
    for tensor in model.graph.initializer:
        _check_internal(tensor, tensor.name)


def _check_internal(tensor: object, name: str) -> None:
    if getattr(tensor, "data_location", 0) == 1 or len(getattr(tensor, "external_data", ())):
        raise errors.UnsupportedModel(f"{name} keeps its weights in another file; save with `onnx.save_model(model, path, save_as_external_data=False)`.")


def _inputs(graph: "GraphProto") -> tuple[dict[str, int], bool]:
    """Return the width by input name: one tensor [N, f], or f tensors of one column each. Also return whether the inputs' names are the features' names."""
    from onnx import TensorProto  # noqa: PLC0415  heavy

    given = {tensor.name for tensor in graph.initializer}
    widths: dict[str, int] = {}
    for entry in graph.input:
        if entry.name in given:
            continue
        shape = entry.type.tensor_type.shape.dim
        if entry.type.tensor_type.elem_type not in (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.INT32):
            raise errors.UnsupportedModel(f"The input {entry.name} does not take numbers. {EXPORT}")
        if len(shape) != 2 or shape[1].dim_value < 1 or shape[0].dim_value > 1:
            raise errors.UnsupportedModel(f"The input {entry.name} must have the shape [N, number of features] with N left open.")
        widths[entry.name] = shape[1].dim_value
    if not widths or (len(widths) > 1 and set(widths.values()) != {1}):
        raise errors.UnsupportedModel("The model must take one tensor [N, features], or one [N, 1] for each feature.")
    return widths, len(widths) > 1


def _check_output(graph: "GraphProto") -> str:
    """Return the name of the output that is the score. Raises `UnsupportedModel`."""
    kinds = {entry.name: _kind(entry.type) for entry in graph.output}
    chosen = score_output(kinds)
    if chosen is None:
        raise errors.UnsupportedModel(f"The model's outputs ({', '.join(kinds)}) have no score: a probability, or one number per row.")
    shape = next(entry for entry in graph.output if entry.name == chosen).type.tensor_type.shape.dim
    if len(shape) > 2 or (len(shape) == 2 and shape[1].dim_value > 2):
        raise errors.UnsupportedModel(f"The output {chosen} gives {shape[-1].dim_value} numbers per row; Tiltyard serves models that give one score per row.")
    return chosen


def _refuse_doubles(graph: "GraphProto", output: str) -> None:
    """Refuse tree ensembles in double precision. onnxruntime's ensembles of ai.onnx.ml 1 to 4 give single precision, and it does not load other
    declarations.
    """
    from onnx import TensorProto  # noqa: PLC0415  heavy

    kind = next(entry for entry in graph.output if entry.name == output).type
    declared = kind.sequence_type.elem_type.map_type.value_type if kind.HasField("sequence_type") else kind
    if declared.tensor_type.elem_type == TensorProto.DOUBLE and any(node.op_type in CLASSIC for node in graph.node):
        raise errors.UnsupportedModel(
            "The forest was exported in double precision (float64), which onnxruntime does not load. "
            "Export it from single precision: `skl2onnx.to_onnx(model, X[:1].astype(numpy.float32))`."
        )


def _kind(kind: object) -> str:
    """Return the type in onnxruntime's notation: `tensor(float)`, `seq(map(int64,tensor(float)))`."""
    from onnx import TensorProto, TypeProto  # noqa: PLC0415  heavy

    assert isinstance(kind, TypeProto)
    if kind.HasField("sequence_type"):
        return "seq(map)"
    return f"tensor({TensorProto.DataType.Name(kind.tensor_type.elem_type).lower()})"


def _run_checker(model: "ModelProto") -> None:
    from onnx import checker  # noqa: PLC0415  heavy

    try:
        checker.check_model(model)
    except (checker.ValidationError, RuntimeError, ValueError) as error:
        reason = str(error).split("\n")[0][:200]
        raise errors.MalformedArtifact(f"This is ONNX, but onnx.checker refuses it: {reason} {EXPORT}") from error
