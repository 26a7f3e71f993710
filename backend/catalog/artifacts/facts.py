"""What is known of an artifact before it serves."""

from dataclasses import dataclass, field
from typing import Any

from schemas.catalog import ArtifactKind


@dataclass(frozen=True)
class ArtifactFacts:
    """What the bytes themselves say.

    `features` in the model's own order (`f0`, `f1`, … where it names none), `named` saying which; `outputs` numbers a row;
    `trees` and `leaves` where it is a tree ensemble. `classes` are the artifact's own, in its order; `columns` is 2 where it gives a number for each of two
    classes, so that either can be served, and 1 where it gives that of the last. `probability`: whether the score is one, None where the artifact does not say.
    `category_lists` and `infos` are a LightGBM file's pandas categories and `feature_infos`; `rounds` are an XGBoost file's boosting rounds,
    `best_round` those up to its best iteration, where it keeps one.
    `takes_missing` are the features for which the file says what a missing value does.
    """

    kind: ArtifactKind
    sha256: str
    size_bytes: int
    features: list[str]
    named: bool
    outputs: int
    objective: str | None = None
    trees: int | None = None
    leaves: int | None = None
    classes: tuple[str, ...] = ()
    columns: int = 1
    probability: bool | None = False
    category_lists: tuple[tuple[Any, ...], ...] = ()
    infos: tuple[str, ...] = ()
    rounds: int | None = None
    best_round: int | None = None
    takes_missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProbeReport:
    """What happened when the artifact was loaded and asked in a process of its own.

    `network` says how the child was kept off the network: `namespace` (it had none) or `open` (this system permits no
    namespaces). `scores` are those of the probed rows: the median row if one was given, all zeros, all missing where the model
    takes missing values. `additivity` is the largest gap between the model's margin and the sum of its own contributions. `sample_scores` are
    those of the sample rows.
    """

    seconds: float
    network: str
    scores: list[float]
    additivity: float | None
    sample_scores: list[float] = field(default_factory=list)
