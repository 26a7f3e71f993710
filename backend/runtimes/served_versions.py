"""Versions for serving and explaining: facts, features, and the loaded runtime."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import numpy as np

from backend.catalog.artifact_files import artifact_name
from backend.catalog.rules import label
from backend.ports import Files
from backend.runtimes import ExplanationBatch, Runtime, load_runtime
from backend.runtimes.features import FeatureSpec, Plain, plain_reader, specs_of
from backend.runtimes.language_model import ExternalRuntime
from backend.runtimes.protocol import NO_METHOD, Floats, Use
from backend.runtimes.table_process import make_tables
from schemas.catalog import Artifact, ArtifactKind, Version
from schemas.common import Shape
from schemas.decisions import VersionRule
from schemas.inference import Explanation
from schemas.model_document import Feature, Task

log = logging.getLogger("tiltyard.inference")
RUNTIMES_KEPT = 64
"""Number of runtimes that stay loaded although no group uses them."""
DOUBT = "the contributions do not add up to the model's output"


class VersionFacts(Shape, frozen=True, kw_only=True):
    """The facts about a version that serving needs."""

    id: UUID
    version: str
    artifact: Artifact
    features: list[Feature] = []
    task: Task | None = None
    decision_rule: VersionRule | None = None

    def specs(self) -> list[FeatureSpec]:
        """Return how to read each of the artifact's features from a request."""
        artifact = self.artifact
        return specs_of(artifact.features, self.features, artifact.kind is ArtifactKind.EXTERNAL, artifact.categories, artifact.takes_missing)


def facts_of(version: Version) -> VersionFacts:
    """Return the facts of a catalog version that has its artifact."""
    assert version.artifact is not None, "only a version with an artifact can answer"
    document = version.document
    return VersionFacts(
        id=version.id,
        version=version.version,
        artifact=version.artifact,
        features=document.features,
        task=document.task,
        decision_rule=version.decision_rule,
    )


@dataclass(frozen=True, eq=False)
class ServedVersion:
    """A version that is ready to answer. `labels` are the negative and the positive class; none for a regression.

    `background` [b, features] are the rows that explanations compare with: the document's rows. Without them, and without training spread in the model, it is
    the row of medians, or zeros.
    """

    id: UUID
    label: str
    specs: list[FeatureSpec]
    names: frozenset[str]
    labels: tuple[str, str] | None
    background: Floats | None
    runtime: Runtime

    @cached_property
    def plain(self) -> Plain:
        """Return a reader of all features of a request at once, if possible."""
        return plain_reader(self.specs)

    @property
    def probable(self) -> bool:
        """Return whether its scores are probabilities: by the artifact, else by the document."""
        return self.labels is not None and self.runtime.classifies is not False

    @cached_property
    def remote(self) -> bool:
        """Return whether it is asked through a connector instead of scored in this process."""
        return isinstance(self.runtime, ExternalRuntime)

    def explain(self, matrix: Floats, margins: Sequence[float | None] = ()) -> ExplanationBatch:
        """Explain a matrix [n, features]; call it in a thread. `margins` are the rows' answered margins, where known."""
        known = np.array(margins, dtype=np.float64) if margins and None not in margins else None
        return self.runtime.explain(matrix, self.background, known)

    def matrix(self, rows: list[list[float]]) -> Floats:
        """Return rows as a matrix [n, features]."""
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(self.specs))


class Runtimes:
    """Loads each version once per process."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._served: OrderedDict[UUID, ServedVersion] = OrderedDict()
        self._loading = asyncio.Lock()

    async def serve(self, facts: VersionFacts) -> ServedVersion:
        """Return the version, loaded and warm. Raises the runtime's error when its artifact is gone or changed."""
        async with self._loading:
            if facts.id not in self._served:
                self._served[facts.id] = await asyncio.to_thread(_load, facts, self._files)
                if len(self._served) > RUNTIMES_KEPT:
                    self._served.popitem(last=False)
            self._served.move_to_end(facts.id)
            return self._served[facts.id]


def explanations(version: ServedVersion, batch: ExplanationBatch) -> list[Explanation]:
    """Return a batch's explanations, one per row. A residual over 1e-4 of the output marks the row."""
    if batch.method == NO_METHOD:
        none = Explanation(method=NO_METHOD, exact=False, space=batch.space, base=0.0, values={}, residual=0.0, reason=batch.reason)
        return [none] * len(batch.values)
    names = [spec.name for spec in version.specs]
    errors = batch.error.tolist() if batch.error is not None else [None] * len(batch.values)
    rows = zip(batch.values.tolist(), batch.residual.tolist(), errors, strict=True)
    return [
        Explanation(
            method=batch.method,
            exact=batch.exact,
            space=batch.space,
            base=batch.base,
            values=dict(zip(names, values, strict=True)),
            residual=residual,
            background=batch.background,
            error=error,
            reason=_doubt(batch.base + sum(values), residual),
        )
        for values, residual, error in rows
    ]


def _doubt(explained: float, residual: float) -> str | None:
    if abs(residual) <= 1e-4 * max(1.0, abs(explained + residual)):
        return None
    return DOUBT


def _load(facts: VersionFacts, files: Files) -> ServedVersion:
    artifact = facts.artifact
    path = files.fetch(artifact_name(artifact.sha256), artifact.sha256)
    runtime = load_runtime(artifact.kind, path, artifact.sha256, use_of(artifact))
    specs = facts.specs()
    medians = _medians(facts)
    warm = np.zeros((1, len(specs))) if medians is None else medians
    if artifact.kind is not ArtifactKind.EXTERNAL:
        runtime.predict(warm)
    served = ServedVersion(
        id=facts.id,
        label=label(facts.version),
        specs=specs,
        names=frozenset(artifact.features),
        labels=_labels(facts.task, not runtime.classifies),
        background=_background(artifact, files) if artifact.background else None if runtime.covered else warm,
        runtime=runtime,
    )
    if runtime.in_line and not served.remote:
        _compile(served, warm, lambda: make_tables(artifact.kind, path, artifact.sha256, use_of(artifact), served.background))
    return served


def _compile(served: ServedVersion, row: Floats, aside: Callable[[], None]) -> None:
    """Explain a row [1, features], so that the first explanation need not wait for the tables. With `aside`, another process compiles a large model's tables.

    A version that cannot be explained still answers.
    """
    try:
        if not served.runtime.tables_at_hand(served.background):
            aside()
        served.explain(row)
    except Exception:
        log.exception("%s cannot be explained for an ordinary row; other rows may work", served.label)


def use_of(artifact: Artifact) -> Use:
    """Return how the artifact is used, as settled at upload."""
    return Use(column=artifact.column, columns=None if artifact.column is None else 2, rounds=artifact.rounds, missing=artifact.missing)


def _background(artifact: Artifact, files: Files) -> Floats:
    assert artifact.background is not None
    return np.frombuffer(files.read(artifact_name(artifact.background), artifact.background)).reshape(-1, len(artifact.features))


def _medians(facts: VersionFacts) -> Floats | None:
    said = {feature.name: feature.stats.median for feature in facts.features if feature.stats and feature.stats.median is not None}
    if not all(name in said for name in facts.artifact.features):
        return None
    return np.array([[said[name] for name in facts.artifact.features]], dtype=np.float64)


def _labels(task: Task | None, plain_value: bool) -> tuple[str, str] | None:
    """Return the document's names of the negative and the positive class.

    >>> _labels(Task(type="binary_classification", classes=["paid", "default"], positive_class="default"), False)
    ('paid', 'default')
    """
    if (task.type != "binary_classification") if task else plain_value:
        return None
    classes = task.classes if task and len(task.classes) == 2 else ["0", "1"]
    positive = task.positive_class if task and task.positive_class else classes[1]
    negative = next((name for name in classes if name != positive), f"not {positive}")
    return negative, positive
