"""Pure decisions of the catalog: version numbers, and whether document and artifact speak of the same features."""

import re
import unicodedata
from collections.abc import Sequence

import msgspec

from schemas.common import Issue
from schemas.model_document import Algorithm, Feature, ModelDocument

VERSION = re.compile(r"v?(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,8}))?")
"""As `schemas.catalog.Semver` takes it."""


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


def free_version(taken: Sequence[str], wanted: str | None) -> str:
    """The wanted version if it is one and free; else the minor version after the highest.

    >>> free_version([], "2.1"), free_version(["1.2.0", "1.10.3"], "v1.2"), free_version([], "latest")
    ('2.1.0', '1.11.0', '1.0.0')
    """
    canonical = canonical_version(wanted) if wanted and VERSION.fullmatch(wanted) else None
    if canonical is not None and canonical not in taken:
        return canonical
    if not taken:
        return "1.0.0"
    major, minor, _ = max(tuple(int(part) for part in version.split(".")) for version in taken)
    return f"{major}.{minor + 1}.0"


def slug_of(name: str) -> str:
    """A slug made from a name.

    >>> slug_of("Credit scoring (v2)"), slug_of("3 trees"), slug_of("–")
    ('credit_scoring_v2', 'm_3_trees', 'model')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()).strip("_")
    return (plain if plain[:1].isalpha() else f"m_{plain}" if plain else "model")[:63].rstrip("_")


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
