"""Pure decisions of the catalog: version numbers, and whether document and artifact speak of the same features."""

from collections.abc import Sequence

import msgspec

from schemas.common import Issue
from schemas.model_document import Algorithm, Feature, ModelDocument


def canonical_version(version: str) -> str:
    """`v1.2` and `1.2` are 1.2.0 (Semantic Versioning 2.0.0).

    >>> canonical_version("v1.2")
    '1.2.0'
    """
    parts = version.removeprefix("v").split(".")
    return ".".join([*parts, "0"][:3])


def label(version: str) -> str:
    """How people say it: 1.2.0 is v1.2, 1.2.1 is v1.2.1.

    >>> label("1.2.0"), label("1.2.1")
    ('v1.2', 'v1.2.1')
    """
    return "v" + version.removesuffix(".0") if version.endswith(".0") and version.count(".") == 2 else "v" + version


def disagreements(document: ModelDocument, features: Sequence[str]) -> list[Issue]:
    """Where the document's inputs are not the artifact's. A document that names no inputs disagrees with nothing."""
    named = {feature.name: index for index, feature in enumerate(document.features) if feature.role == "input"}
    if not named:
        return []
    missing = [Issue(pointer="/features", message=f"the artifact takes {name!r}, which the document does not list") for name in features if name not in named]
    known = set(features)
    extra = [Issue(pointer=f"/features/{at}/name", message=f"the artifact takes no {name!r}") for name, at in named.items() if name not in known]
    return missing + extra


def completed(document: ModelDocument, features: Sequence[str], artifact_format: str) -> ModelDocument:
    """The document with the artifact's inputs in the artifact's own order, what it says of each kept, and the format filled in."""
    said = {feature.name: feature for feature in document.features}
    inputs = [said.get(name) or Feature(name=name) for name in features]
    others = [feature for feature in document.features if feature.role != "input"]
    algorithm = document.algorithm or Algorithm()
    algorithm = msgspec.structs.replace(algorithm, artifact_format=artifact_format)
    return msgspec.structs.replace(document, features=inputs + others, algorithm=algorithm)


def medians(document: ModelDocument, features: Sequence[str]) -> list[float] | None:
    """The row of the inputs' medians, where the document knows them all."""
    said = {feature.name: feature.stats.median for feature in document.features if feature.stats and feature.stats.median is not None}
    return [said[name] for name in features] if all(name in said for name in features) else None
