"""Background rows for a version's explanations, if its document has them (`extensions.background`)."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.catalog.artifact_files import keep_bytes
from backend.catalog.categories import Codes, code_of, codes_of
from backend.catalog.errors import BackgroundUnfit
from backend.ports import Files
from schemas.catalog import ArtifactKind
from schemas.common import Issue
from schemas.model_document import ModelDocument

MOST_ROWS = 1000
ROWS_AT = "/extensions/background"


def background_of(
    document: ModelDocument,
    features: Sequence[str],
    kind: ArtifactKind,
    categories: Mapping[str, Sequence[Any]] | None = None,
    takes_missing: Collection[str] = (),
) -> NDArray[np.float64] | None:
    """Return the document's background rows [b, features] in the artifact's order; None without rows. Raises BackgroundUnfit.

    `takes_missing` are the features with a rule for missing values.
    A row is an object of feature and value: a number, true or false, one of the feature's categories, or null for a missing value.
    """
    said = document.extensions.get("background")
    if said is None or kind is ArtifactKind.EXTERNAL:
        return None
    if not isinstance(said, list) or not 1 <= len(said) <= MOST_ROWS or not all(isinstance(row, dict) for row in said):
        raise BackgroundUnfit(issues=[Issue(pointer=ROWS_AT, message=f"1 to {MOST_ROWS} rows are expected here, each an object from feature to value")])
    known = {feature.name: codes_of(feature.categories) for feature in document.features if feature.categories}
    known |= {name: codes_of(values) for name, values in (categories or {}).items()}
    issues: list[Issue] = []
    rows = [[_number(row, name, known.get(name), at, issues, strict=name in (categories or {})) for name in features] for at, row in enumerate(said)]
    if kind is ArtifactKind.LINEAR and not issues:
        lacking = [name for at, name in enumerate(features) if name not in takes_missing and np.isnan([row[at] for row in rows]).any()]
        issues += [Issue(pointer=ROWS_AT, message=f"a value of {name[:100]!r} is missing, and this linear model has no rule for that") for name in lacking]
    if issues:
        raise BackgroundUnfit(issues=issues[:50])
    return np.array(rows, dtype=np.float64)


def keep_background(files: Files, rows: NDArray[np.float64]) -> str:
    """Store the rows as bytes (float64, row by row) and return their SHA-256. Every explanation against them names this digest."""
    return keep_bytes(files, np.ascontiguousarray(rows).tobytes())


def _number(row: Mapping[str, Any], name: str, codes: Codes | None, at: int, issues: list[Issue], *, strict: bool) -> float:
    value = row.get(name)
    if value is None:
        return math.nan
    code = code_of(codes, value) if codes else None
    if code is not None and (strict or isinstance(value, str)):
        return code
    if not strict and isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    issues.append(
        Issue(pointer=f"{ROWS_AT}/{at}/{name.replace('~', '~0').replace('/', '~1')}"[:300], message="a finite number, a category or null is expected here")
    )
    return math.nan
