"""Metadata of the hub and its groups in the Open Inference Protocol."""

from collections.abc import Mapping
from importlib.metadata import version

from backend.catalog.rules import canonical_version, label
from backend.groups.errors import GroupNotFound
from backend.runtimes.features import FeatureSpec
from backend.serving.routing.table import RoutedGroup
from rpc.v2.answers import COLUMNS, DECIDED, SHAP_BASE, SHAP_VALUES
from schemas.open_inference import Datatype, ModelMetadata, ServerMetadata, TensorMetadata

DATATYPES: Mapping[str, Datatype] = {"integer": "INT64", "boolean": "BOOL", "category": "BYTES"}


def server() -> ServerMetadata:
    """Return the hub's metadata."""
    return ServerMetadata(name="tiltyard", version=version("tiltyard"), extensions=["binary_tensor_data"])


def model(group: RoutedGroup, number: str | None) -> ModelMetadata:
    """Return a group, or one of its versions, as a model. Raises GroupNotFound for a version that does not serve in it."""
    known = features(group, number)
    absent = DECIDED if all(member.rule is None for member in group.members) else frozenset()
    told = {name: kind for name, kind in COLUMNS.items() if name not in absent}
    outputs = [TensorMetadata(name=name, datatype=kind.datatype, shape=[-1], parameters=_meanings(group, name)) for name, kind in told.items()]
    outputs += [
        TensorMetadata(name=SHAP_VALUES, datatype="FP64", shape=[-1, len(known)]),
        TensorMetadata(name=SHAP_BASE, datatype="FP64", shape=[-1]),
    ]
    return ModelMetadata(
        name=group.facts.slug,
        versions=[member.served.label for member in group.members if member.served],
        platform="tiltyard",
        inputs=[TensorMetadata(name=spec.name, datatype=DATATYPES.get(spec.type, "FP64"), shape=[-1]) for spec in known.values()],
        outputs=outputs,
    )


def _meanings(group: RoutedGroup, output: str) -> dict[str, str] | None:
    """Return the meaning of each serving version's score."""
    serving = {member.version_id for member in group.members}
    said = {label(one.version): one.artifact.meaning for one in group.facts.versions if one.id in serving and one.artifact.meaning}
    return said if said and output == "score" else None


def features(group: RoutedGroup, number: str | None) -> Mapping[str, FeatureSpec]:
    """Return the inputs of a request in the order of a matrix's columns: the group's features, or one version's."""
    if number is None:
        return group.known
    serving = {member.version_id for member in group.members}
    for one in group.facts.versions:
        if one.id in serving and label(one.version) == called(number):
            return {spec.name: spec for spec in one.specs()}
    raise GroupNotFound(f"No version {number[:40]!r} serves in the group {group.facts.slug!r}.")


def ready(group: RoutedGroup, number: str | None) -> bool:
    """Return whether the champion, or the requested version, is loaded."""
    if number is None:
        return group.champion.served is not None
    return any(member.served is not None and member.served.label == called(number) for member in group.members)


def called(number: str) -> str:
    """Return a version's label.

    >>> called("1.3"), called("v1.3.0")
    ('v1.3', 'v1.3')
    """
    return label(canonical_version(number))
