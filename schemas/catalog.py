"""Models, versions, artifacts."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from schemas.common import Issue, Name, PageSize, Shape, Slug
from schemas.decisions import DecisionRule, VersionRule
from schemas.model_document import ModelDocument

Semver = Annotated[str, msgspec.Meta(pattern=r"^v?(0|[1-9]\d*)\.(0|[1-9]\d*)(\.(0|[1-9]\d*))?$(?!\n)", description="`1.2.0`; `v1.2` is read as 1.2.0.")]


class ArtifactKind(StrEnum):
    """Kinds of artifacts that can be served. Never pickle, joblib or .pt: loading one runs its code."""

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
    """A slug made from a name, with its letters in Latin script."""

    slug: Slug


class VersionState(StrEnum):
    """`draft` has no artifact yet; `ready` can join a group; `archived` is kept forever and serves nothing."""

    DRAFT = "draft"
    READY = "ready"
    ARCHIVED = "archived"


class Artifact(Shape, frozen=True, kw_only=True):
    """The served bytes, identified by their SHA-256."""

    kind: ArtifactKind
    sha256: str
    size_bytes: int
    features: list[str]
    outputs: int
    uploaded_at: datetime
    background: Annotated[str | None, msgspec.Meta(description="SHA-256 of the rows that explanations compare with, if the document has some.")] = None
    classes: Annotated[list[str], msgspec.Meta(description="The artifact's own two classes, in its order; empty for a score without classes.")] = []
    positive_class: Annotated[str | None, msgspec.Meta(description="The class of the score's probability, by the version's name for it.")] = None
    column: Annotated[int | None, msgspec.Meta(description="For an ONNX model with a number for each of two classes: the served one, from 0.")] = None
    categories: Annotated[
        dict[str, list[Any]], msgspec.Meta(description="Features with categories that the artifact knows by value: the values in the order of their codes.")
    ] = {}
    rounds: Annotated[int | None, msgspec.Meta(description="Number of boosting rounds in use, if fewer than in the file.")] = None
    missing: Annotated[float | None, msgspec.Meta(description="The missing value, beside null.")] = None
    samples: Annotated[int, msgspec.Meta(description="Number of sample rows whose answers matched at the upload.")] = 0
    takes_missing: Annotated[
        list[str],
        msgspec.Meta(
            description="Features for which the artifact defines the handling of missing values. A request may omit them, unless the document forbids it."
        ),
    ] = []
    meaning: Annotated[str, msgspec.Meta(description="The meaning of the score: `the probability of default`.")] = ""
    differences: Annotated[
        list[Issue], msgspec.Meta(description="Where the document differed (the artifact counts), and what is assumed when its file does not say.")
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
    """A group that a version serves in."""

    group_slug: str
    group_name: str
    role: str
    version: str
    preparing: Annotated[bool, msgspec.Meta(description="Some process has not loaded and compiled it yet; that process answers as before.")] = False
    load_error: Annotated[
        str | None, msgspec.Meta(description="The reason why some process could not load it. The champion then answers, unless it is a shadow.")
    ] = None


class Version(Shape, frozen=True, kw_only=True):
    """A version: document, artifact, decision rule, and the groups it serves in. `label` is its short name (`v1.3`)."""

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
    """Models by name; `search` filters by a part of name or slug."""

    search: str | None = None
    cursor: str | None = None
    limit: PageSize = 50


class CreateVersion(Shape, frozen=True, kw_only=True):
    """A new version of a model from a document in Tiltyard's own shape, with an optional decision rule."""

    model: Slug
    version: Semver
    document: ModelDocument
    decision_rule: DecisionRule | None = None


class VersionRef(Shape, frozen=True, kw_only=True):
    """A version, by id."""

    version_id: UUID


Tolerance = Annotated[float, msgspec.Meta(ge=0, le=0.01)]


class SampleRows(Shape, frozen=True, kw_only=True):
    """Rows with the training library's scores. The served scores must match, or the artifact is refused."""

    rows: Annotated[
        list[dict[str, Any] | list[Any]],
        msgspec.Meta(min_length=1, max_length=1000, description="Each an object of feature and value, or the values in the artifact's order."),
    ]
    expected: Annotated[list[float], msgspec.Meta(max_length=1000, description="The score of each row: a probability of the positive class, or a value.")]
    tolerance: Annotated[
        Tolerance | None, msgspec.Meta(description="Relative to max(1, |expected|). Absent: 1e-9 (LightGBM, linear), 1e-6 (XGBoost), 1e-5 (ONNX).")
    ] = None


class ArtifactStatement(Shape, frozen=True, kw_only=True):
    """The uploader's statement of what an artifact's file leaves open. A document can contain it as `extensions.artifact`."""

    positive_class: Annotated[
        str | None, msgspec.Meta(description="The artifact's own class of the score's probability, when file and document do not settle it.")
    ] = None
    iterations: Annotated[
        Literal["all", "best"] | None,
        msgspec.Meta(description="For an XGBoost file with best_iteration: use all rounds, as Booster.predict does (the default), or those up to the best."),
    ] = None
    missing: Annotated[float | None, msgspec.Meta(description="For an XGBoost model: the missing value in training (`missing=` of DMatrix), beside NaN.")] = (
        None
    )
    samples: SampleRows | None = None


class StateArtifact(Shape, frozen=True, kw_only=True):
    """A statement for a draft version, before its artifact is uploaded."""

    version_id: UUID
    artifact: ArtifactStatement


class UploadArtifact(Shape, frozen=True, kw_only=True):
    """The version of an upload. The bytes travel beside it (`POST /v1/versions/{version_id}/artifact`)."""

    version_id: UUID
    sha256: str | None = None
