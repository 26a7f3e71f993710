"""The model document: everything a hub should know about a model version, in one shape for every tool.

Objects are closed; other facts go to `extensions`. The JSON Schema (2020-12) of these Structs validates documents and is part of the contract.
"""

from typing import Annotated, Any, Literal, Union

import msgspec

from schemas.common import BigInt, Fraction, Interval, Name, Shape, Whole

SCHEMA_VERSION = "1.0"

Split = Literal["train", "validation", "test", "holdout", "cross_validation", "production"]


class Owner(Shape, frozen=True, kw_only=True):
    """The model's responsible owner."""

    name: str
    contact: str | None = None
    role: str | None = None


class Task(Shape, frozen=True, kw_only=True):
    """The decision of the model. `threshold` turns a score into a label."""

    type: Literal["binary_classification", "multiclass_classification", "regression", "ranking", "generation", "other"] | None = None
    target: str | None = None
    classes: list[str] = []
    positive_class: str | None = None
    threshold: float | None = None


class Algorithm(Shape, frozen=True, kw_only=True):
    """The model's method."""

    family: str | None = None
    name: str | None = None
    framework: str | None = None
    framework_version: str | None = None
    base_model: str | None = None
    artifact_format: Literal["lightgbm", "xgboost", "onnx", "linear", "external"] | None = None


class Importance(Shape, frozen=True, kw_only=True):
    """How much a feature matters, by one method."""

    method: str
    value: float
    ci: Interval | None = None


class FeatureStats(Shape, frozen=True, kw_only=True):
    """The training data's statistics of a feature."""

    mean: float | None = None
    std: float | None = None
    min: float | None = None
    max: float | None = None
    median: float | None = None
    missing_rate: Fraction | None = None


class Feature(Shape, frozen=True, kw_only=True):
    """One input, in the artifact's own order. With `required: false` a request may omit it (the model gets a missing value).

    Without a statement in the document, a feature is optional if the artifact defines the handling of its missing values, and else required.
    """

    name: Name
    type: Literal["number", "integer", "boolean", "category", "text"] = "number"
    role: Literal["input", "segment", "target", "identifier", "protected"] = "input"
    description: str | None = None
    unit: str | None = None
    required: bool | None = None
    categories: list[str] = []
    stats: FeatureStats | None = None
    sensitive: bool = False
    importance: list[Importance] = []


class Metric(Shape, frozen=True, kw_only=True):
    """One measured figure. `name` is a standard one if possible: accuracy, precision, recall, f1, roc_auc, pr_auc, brier…"""

    name: Name
    value: float
    label: Annotated[str | None, msgspec.Meta(description="The source's own name, if it says more.")] = None
    split: Split | None = None
    slice: str | None = None
    cls: Annotated[str | None, msgspec.Meta(description="The class of the figure.")] = msgspec.field(default=None, name="class")
    average: str | None = None
    threshold: float | None = None
    on: Annotated[dict[str, str], msgspec.Meta(description="Further conditions of the measurement: dataset, config, revision, task.")] = {}
    ci: Interval | None = None
    std: float | None = None
    n: Whole | None = None


class RocChart(Shape, frozen=True, kw_only=True, tag_field="kind", tag="roc"):
    """Receiver operating characteristic: false against true positive rate."""

    fpr: list[float]
    tpr: list[float]
    split: Split | None = None


class PrChart(Shape, frozen=True, kw_only=True, tag_field="kind", tag="pr"):
    """Precision against recall."""

    recall: list[float]
    precision: list[float]
    split: Split | None = None


class ConfusionChart(Shape, frozen=True, kw_only=True, tag_field="kind", tag="confusion_matrix"):
    """Counts. `orientation` is the meaning of a row."""

    labels: list[str]
    matrix: list[list[float]]
    orientation: Literal["rows_are_actual", "rows_are_predicted"] = "rows_are_actual"
    split: Split | None = None


class CalibrationChart(Shape, frozen=True, kw_only=True, tag_field="kind", tag="calibration"):
    """Mean predicted probability against observed rate, by bin."""

    predicted: list[float]
    observed: list[float]
    count: list[Whole] = []
    split: Split | None = None


class ImportanceChart(Shape, frozen=True, kw_only=True, tag_field="kind", tag="importance"):
    """Features by how much they matter."""

    method: str
    features: list[str]
    values: list[float]


class LearningCurve(Shape, frozen=True, kw_only=True, tag_field="kind", tag="learning_curve"):
    """A metric by training step."""

    metric: str
    step: list[float]
    train: list[float] = []
    validation: list[float] = []


class LiftChart(Shape, frozen=True, kw_only=True, tag_field="kind", tag="lift"):
    """Lift by share of the population, the highest scores first. `gain` is the share of all positives among them."""

    share: list[float]
    lift: list[float]
    gain: list[float] = []
    split: Split | None = None


class HistogramChart(Shape, frozen=True, kw_only=True, tag_field="kind", tag="histogram"):
    """Counts between edges; there is one edge more than counts."""

    name: str
    edges: list[float]
    counts: list[float]
    split: Split | None = None


class ResidualsChart(Shape, frozen=True, kw_only=True, tag_field="kind", tag="residuals"):
    """Prediction against residual."""

    predicted: list[float]
    residual: list[float]
    split: Split | None = None


class ImageChart(Shape, frozen=True, kw_only=True, tag_field="kind", tag="image"):
    """A picture made by a tool, kept by reference."""

    name: str
    uri: str


Chart = Union[  # noqa: UP007 (msgspec reads a tagged union of Structs)
    RocChart, PrChart, ConfusionChart, CalibrationChart, ImportanceChart, LearningCurve, LiftChart, HistogramChart, ResidualsChart, ImageChart
]


class DatasetRef(Shape, frozen=True, kw_only=True):
    """The training data."""

    name: str | None = None
    uri: str | None = None
    digest: str | None = None
    rows: Whole | None = None
    range: str | None = None


class Training(Shape, frozen=True, kw_only=True):
    """The course of the training."""

    dataset: DatasetRef | None = None
    split_rows: dict[str, Whole] = {}
    hyperparameters: dict[str, Any] = {}
    seed: BigInt | None = None
    started_at: str | None = None
    finished_at: str | None = None
    code: str | None = None


class IntendedUse(Shape, frozen=True, kw_only=True):
    """The model's purposes, and what it is not for."""

    purpose: str | None = None
    use_cases: list[str] = []
    regions: list[str] = []
    products: list[str] = []
    decision_mode: Literal["automated", "advisory"] | None = None
    prohibited: list[str] = []


class Lineage(Shape, frozen=True, kw_only=True):
    """The source of the document."""

    source_format: str | None = None
    source_sha256: str | None = None
    mapping_id: str | None = None


class ModelDocument(Shape, frozen=True, kw_only=True):
    """The imported metadata of one model version."""

    schema_version: Literal["1.0"] = "1.0"
    name: Name
    version: str | None = None
    description: str | None = None
    license: str | None = None
    owners: list[Owner] = []
    task: Task | None = None
    algorithm: Algorithm | None = None
    features: list[Feature] = []
    metrics: list[Metric] = []
    charts: list[Chart] = []
    training: Training | None = None
    intended_use: IntendedUse | None = None
    considerations: list[str] = []
    lineage: Lineage | None = None
    provenance: Annotated[dict[str, str], msgspec.Meta(description="The source of each value by its pointer, if known.")] = {}
    transforms: Annotated[dict[str, str], msgspec.Meta(description="The change of a value's notation, by its pointer.")] = {}
    unmapped: list[str] = []
    extensions: dict[str, Any] = {}
