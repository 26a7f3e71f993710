"""Facts about an artifact, read before it serves."""

from dataclasses import dataclass, field
from typing import Any

from schemas.catalog import ArtifactKind


@dataclass(frozen=True)
class ArtifactFacts:
    """Facts in the artifact's own bytes.

    `features` are in the model's order; `named` says whether the file names them (else `f0`, `f1`, …). `outputs` is the count of numbers per row. `trees` and
    `leaves` are counts of a tree ensemble.
    `classes` are the artifact's own, in its order. `columns` is 2 when it gives a number for each of two classes: either can then be served. It is 1 when it
    gives the last class's number.
    `probability` says whether the score is a probability; None when the artifact does not say. `category_lists` and `infos` are a LightGBM file's pandas
    categories and `feature_infos`; a linear file's levels are given in the same way.
    `rounds` are an XGBoost file's boosting rounds; `best_round` those up to its best iteration, if stored. `takes_missing` are the features with a rule for
    missing values.
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
    """The result of loading the artifact and predicting in a separate process.

    `network` says how the child was isolated: `namespace` (no network) or `open` (this system permits no namespaces). `scores` are those of the probed rows:
    the median row if given, all zeros, and all missing when the model takes missing values. `additivity` is the largest gap between the model's margin and the
    sum of its own contributions. `sample_scores` are those of the sample rows.
    """

    seconds: float
    network: str
    scores: list[float]
    additivity: float | None
    sample_scores: list[float] = field(default_factory=list)
