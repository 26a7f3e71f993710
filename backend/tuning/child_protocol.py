"""What a job's supervisor and its training process say to each other.

The supervisor writes a `TrainingTask` as JSON to `task.json` in the job's folder and starts the training process with this folder as its argument. The
process writes one `Event` per line (JSON) to its standard output, and reads one `Command` per line from its standard input. When its input closes, the process
ends: its supervisor is gone. `Trained` or `TaskRefused` is always the last event. A process that ends without one has failed.
"""

from typing import Any, Literal

import msgspec

from schemas.columns import Column
from schemas.common import Issue

TASK_FILE = "task.json"


class Splitting(msgspec.Struct, frozen=True, kw_only=True):
    """How rows are divided into train, validation and test. Shares are fractions of all rows; the rest is for training."""

    by: Literal["time", "entity", "stratified", "random"]
    validation: float = 0.15
    test: float = 0.15
    folds: int | None = None
    """With k folds, validation rows come from each fold in turn."""


class Searching(msgspec.Struct, frozen=True, kw_only=True):
    """The budget of a search for hyperparameters. `space` maps a parameter to {low, high, log} or {choices}."""

    trials: int
    minutes: float | None = None
    space: dict[str, Any]
    refit: bool = True
    """Train the winner once more on training and validation rows."""


class TrainingTask(msgspec.Struct, frozen=True, kw_only=True):
    """All that a training process needs. Paths are absolute; the process writes only below `folder`."""

    preset: Literal["gradient_boosting", "regularised_glm", "scorecard"]
    objective: Literal["binary", "multiclass", "regression", "poisson", "tweedie", "quantile"]
    folder: str
    rows: str
    """A Parquet file with the snapshot's rows, in the snapshot's order."""
    data_hash: str
    columns: list[Column]
    parameters: dict[str, Any]
    splitting: Splitting
    searching: Searching | None = None
    base_artifact: str | None = None
    """The parent version's artifact (LightGBM text), to continue from it."""
    base_document: dict[str, Any] | None = None
    seed: int
    threads: int
    soft_seconds: float | None = None
    """When this time has passed, the best model so far is kept."""
    resume: bool = False
    """Continue from the last checkpoint in `folder`."""


class Stage(msgspec.Struct, frozen=True, kw_only=True, tag="stage"):
    """Progress of the whole job. `percent` never falls; `eta_seconds` is an estimate."""

    name: Literal["preparing", "training", "searching", "calibrating", "evaluating"]
    percent: float
    eta_seconds: float | None = None


class Curve(msgspec.Struct, frozen=True, kw_only=True, tag="curve"):
    """One point of a learning curve. `step` is a boosting round or an iteration, from 1."""

    metric: str
    split: Literal["train", "validation"]
    step: int
    value: float


class Trial(msgspec.Struct, frozen=True, kw_only=True, tag="trial"):
    """One trial of a search."""

    number: int
    state: Literal["running", "complete", "pruned", "failed"]
    parameters: dict[str, Any]
    value: float | None = None
    seconds: float | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True, tag="line"):
    """A line of the job's log, in plain words."""

    level: Literal["info", "warning", "error"]
    text: str


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, tag="checkpoint"):
    """A state on disk from which a later process can continue."""

    step: int
    path: str


class TaskRefused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """The task cannot be trained as it is. `issues` point into the task and say what to change."""

    message: str
    issues: list[Issue] = []


class Trained(msgspec.Struct, frozen=True, kw_only=True, tag="trained"):
    """The result. Each path is below the job's folder.

    `document` is a model document (JSON), `profile` the distribution of inputs and score for monitoring, `background` rows for explanations [n, features]
    as JSON. `holdout` is a Parquet file with the test rows' indices (`row`), targets (`target`) and scores (`score`).
    """

    artifact: str
    document: str
    profile: str | None = None
    background: str | None = None
    holdout: str | None = None
    model_card: str | None = None
    calibration: dict[str, float] | None = None
    """`{"slope": a, "intercept": b}`: the score is `sigmoid(a * margin + b)`."""
    stopped_early: bool = False
    """Kept before its end: a soft time limit, or a cancellation that kept the model."""
    resumed: bool = False
    training_seconds: float
    evaluation_seconds: float
    peak_memory_bytes: int


Event = Stage | Curve | Trial | Line | Checkpoint | TaskRefused | Trained


class StopTraining(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """End the training at the next round. `keep` asks for the model so far."""

    keep: bool


Command = StopTraining
