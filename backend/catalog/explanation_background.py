"""The rows that a version's explanations compare with, where its document brings some (`extensions.background`)."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.catalog.artifact_files import keep_bytes
from backend.catalog.errors import BackgroundUnfit
from schemas.catalog import ArtifactKind
from schemas.common import Issue
from schemas.model_document import Feature, ModelDocument

MOST_ROWS = 1000
AT = "/extensions/background"


def background_of(document: ModelDocument, features: Sequence[str], kind: ArtifactKind) -> NDArray[np.float64] | None:
    """The rows [b, features] in the document, in the artifact's order; None without any. Raises BackgroundUnfit.

    A row is an object of feature and value: a number, true or false, one of the feature's categories, or null for a missing value.
    """
    said = document.extensions.get("background")
    if said is None or kind is ArtifactKind.EXTERNAL:
        return None
    if not isinstance(said, list) or not 1 <= len(said) <= MOST_ROWS or not all(isinstance(row, dict) for row in said):
        raise BackgroundUnfit(issues=[Issue(pointer=AT, message=f"1 to {MOST_ROWS} rows are expected here, each an object of feature and value")])
    known = {feature.name: feature for feature in document.features}
    issues: list[Issue] = []
    rows = [[_number(row, name, known.get(name), at, issues) for name in features] for at, row in enumerate(said)]
    if kind is ArtifactKind.LINEAR and not issues and np.isnan(rows).any():
        issues.append(Issue(pointer=AT, message="a linear model takes no missing values"))
    if issues:
        raise BackgroundUnfit(issues=issues[:50])
    return np.array(rows, dtype=np.float64)


def keep_background(files: Path, rows: NDArray[np.float64]) -> str:
    """Keep the rows as the bytes whose SHA-256 every explanation against them states (float64, row after row); give that digest."""
    return keep_bytes(files, np.ascontiguousarray(rows).tobytes())


def _number(row: Mapping[str, Any], name: str, feature: Feature | None, at: int, issues: list[Issue]) -> float:
    value = row.get(name)
    if value is None:
        return math.nan
    if isinstance(value, str) and feature and value in feature.categories:
        return float(feature.categories.index(value))
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    issues.append(
        Issue(pointer=f"{AT}/{at}/{name.replace('~', '~0').replace('/', '~1')}"[:300], message="a finite number, a category or null is expected here")
    )
    return math.nan
