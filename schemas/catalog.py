"""Models, versions, artifacts."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from schemas.common import Issue, Name, PageSize, Shape, Slug
from schemas.decisions import DecisionRule, VersionRule
from schemas.model_document import ModelDocument

Semver = Annotated[str, msgspec.Meta(pattern=r"^v?(0|[1-9]\d*)\.(0|[1-9]\d*)(\.(0|[1-9]\d*))?$(?!\n)", description="`1.2.0`, `v1.2` is read as 1.2.0.")]


class ArtifactKind(StrEnum):
    """What can be served. Never pickle, joblib or .pt: loading one runs its code."""

    LIGHTGBM = "lightgbm"
    XGBOOST = "xgboost"
    ONNX = "onnx"
    LINEAR = "linear"
    EXTERNAL = "external"
    """A language model behind a connector; nothing is uploaded."""


class NameForSlug(Shape, frozen=True, kw_only=True):
    """A name in any script."""

    name: Name


class SuggestedSlug(Shape, frozen=True, kw_only=True):
    """A slug made from a name: its letters as they are written in Latin ones."""

    slug: Slug


class VersionState(StrEnum):
    """`draft` has no artifact yet; `ready` can be put in a group; `archived` is kept for good and serves nothing."""

    DRAFT = "draft"
    READY = "ready"
    ARCHIVED = "archived"


class Artifact(Shape, frozen=True, kw_only=True):
    """The bytes served, pinned by their SHA-256."""

    kind: ArtifactKind
    sha256: str
    size_bytes: int
    features: list[str]
    outputs: int
    uploaded_at: datetime
    background: Annotated[str | None, msgspec.Meta(description="SHA-256 of the rows that explanations compare with, where the document has some.")] = None
    classes: Annotated[list[str], msgspec.Meta(description="The artifact's own two classes, in its order; empty where its score is of no class.")] = []
    positive_class: Annotated[str | None, msgspec.Meta(description="The class that the score is the probability of, as the version calls it.")] = None
    column: Annotated[int | None, msgspec.Meta(description="Of an ONNX model with a number for each of two classes: which of them is served, from 0.")] = None
    categories: Annotated[
        dict[str, list[Any]], msgspec.Meta(description="Features whose categories the artifact knows by value: the values in the order of their codes.")
    ] = {}
    rounds: Annotated[int | None, msgspec.Meta(description="How many boosting rounds answer, where not all of the file do.")] = None
    missing: Annotated[float | None, msgspec.Meta(description="The value that stands for missing, beside null.")] = None
    samples: Annotated[int, msgspec.Meta(description="Sample rows whose expected answers were met at the upload.")] = 0
    takes_missing: Annotated[
        list[str],
        msgspec.Meta(description="Features for which the artifact says what a missing value does: a request may leave them out, unless the document says no."),
    ] = []
    meaning: Annotated[str, msgspec.Meta(description="What the score is, in words: `the probability of default`.")] = ""
    differences: Annotated[
        list[Issue], msgspec.Meta(description="Where the document said otherwise (the artifact counts), and what is assumed where its file is silent.")
    ] = []


class Model(Shape, frozen=True, kw_only=True):
    """A model: a name with versions."""

    id: UUID
    name: Name
    slug: Slug
    description: str | None
    created_at: datetime
    versions: int
    latest_version: str | None
    serving: list["ServingRole"]


class ServingRole(Shape, frozen=True, kw_only=True):
    """Where a version serves."""

    group_slug: str
    group_name: str
    role: str
    version: str
    preparing: Annotated[bool, msgspec.Meta(description="Some process has not loaded and compiled it yet; that process answers as before.")] = False
    load_error: Annotated[str | None, msgspec.Meta(description="Why some process could not load it; the champion answers for it, unless it is a shadow.")] = (
        None
    )


class Version(Shape, frozen=True, kw_only=True):
    """A version: document, artifact, decision rule, and where it serves. `label` is how people say it (`v1.3`)."""

    id: UUID
    model_id: UUID
    model_name: Name
    version: str
    label: str
    state: VersionState
    artifact: Artifact | None
    created_at: datetime
    created_by: str
    document: ModelDocument
    serving: list[ServingRole]
    decision_rule: VersionRule | None = None


class CreateModel(Shape, frozen=True, kw_only=True):
    """A new model."""

    name: Name
    slug: Slug
    description: str | None = None


class ModelRef(Shape, frozen=True, kw_only=True):
    """A model, by slug."""

    slug: Slug


class ListModels(Shape, frozen=True, kw_only=True):
    """Models by name; `search` narrows by a part of name or slug."""

    search: str | None = None
    cursor: str | None = None
    limit: PageSize = 50


class CreateVersion(Shape, frozen=True, kw_only=True):
    """A new version of a model from a document already in Tiltyard's own shape, with a decision rule if it has one."""

    model: Slug
    version: Semver
    document: ModelDocument
    decision_rule: DecisionRule | None = None


class VersionRef(Shape, frozen=True, kw_only=True):
    """A version, by id."""

    version_id: UUID


Tolerance = Annotated[float, msgspec.Meta(ge=0, le=0.01)]


class SampleRows(Shape, frozen=True, kw_only=True):
    """Rows with the scores that the training library gave for them; what is served must give the same, or the artifact is refused."""

    rows: Annotated[
        list[dict[str, Any] | list[Any]],
        msgspec.Meta(min_length=1, max_length=1000, description="Each an object of feature and value, or the values in the artifact's order."),
    ]
    expected: Annotated[list[float], msgspec.Meta(max_length=1000, description="The score of each row: a probability of the positive class, or a value.")]
    tolerance: Annotated[
        Tolerance | None, msgspec.Meta(description="Relative to max(1, |expected|). Absent: 1e-9 (LightGBM, linear), 1e-6 (XGBoost), 1e-5 (ONNX).")
    ] = None


class ArtifactStatement(Shape, frozen=True, kw_only=True):
    """What an artifact's file leaves open, stated by its uploader. A document can carry it as `extensions.artifact`."""

    positive_class: Annotated[
        str | None, msgspec.Meta(description="The artifact's own class whose probability is the score, where file and document do not settle it.")
    ] = None
    iterations: Annotated[
        Literal["all", "best"] | None,
        msgspec.Meta(
            description="Of an XGBoost file that keeps best_iteration: all rounds answer, as of Booster.predict (the default), or those up to the best."
        ),
    ] = None
    missing: Annotated[
        float | None, msgspec.Meta(description="Of an XGBoost model: the value that stood for missing in training (`missing=` of DMatrix), beside NaN.")
    ] = None
    samples: SampleRows | None = None


class StateArtifact(Shape, frozen=True, kw_only=True):
    """State it of a draft version, before its artifact is uploaded."""

    version_id: UUID
    artifact: ArtifactStatement


class UploadArtifact(Shape, frozen=True, kw_only=True):
    """What an upload is of. The bytes travel beside it (`POST /v1/versions/{version_id}/artifact`)."""

    version_id: UUID
    sha256: str | None = None
