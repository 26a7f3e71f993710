"""Sample rows with the training library's answers. The served answers must match."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from backend.catalog.categories import Codes, code_of, codes_of
from backend.catalog.errors import SamplesDisagree, StatementUnfit
from schemas.catalog import ArtifactKind, SampleRows
from schemas.common import Issue
from schemas.model_document import ModelDocument

SAMPLES_AT = "/samples"
TOLERANCE = {ArtifactKind.LIGHTGBM: 1e-9, ArtifactKind.LINEAR: 1e-9, ArtifactKind.XGBOOST: 1e-6, ArtifactKind.ONNX: 1e-5}
"""Tolerances of an answer, relative to max(1, |expected|): double precision, single precision, and sums in single precision."""
SHOWN = 20


def matrix_of(samples: SampleRows, document: ModelDocument, features: Sequence[str], categories: Mapping[str, Sequence[Any]]) -> list[list[float]]:
    """Return the rows [n, features] in the artifact's order, NaN for a missing value. Raises StatementUnfit.

    A row is an object of feature and value, as callers send it, or a list of values in the artifact's order.
    """
    if len(samples.rows) != len(samples.expected):
        message = f"there are {len(samples.rows)} rows and {len(samples.expected)} expected answers; each row needs one answer"
        raise StatementUnfit(issues=[Issue(pointer=f"{SAMPLES_AT}/expected", message=message)])
    codes = {feature.name: codes_of(feature.categories) for feature in document.features if feature.categories}
    codes |= {name: codes_of(values) for name, values in categories.items()}
    issues: list[Issue] = []
    found = [_row(row, f"{SAMPLES_AT}/rows/{at}", features, codes, frozenset(categories), issues) for at, row in enumerate(samples.rows)]
    if issues:
        raise StatementUnfit(issues=issues[:SHOWN])
    return found


def tell_classes_apart(samples: SampleRows, kind: ArtifactKind, *, log_odds: bool = False) -> bool:
    """Return whether the expected answers distinguish the two classes, as probability or as log-odds.

    >>> half, clear = (SampleRows(rows=[[1]], expected=[expected]) for expected in (0.5, 0.9))
    >>> tell_classes_apart(half, ArtifactKind.ONNX), tell_classes_apart(clear, ArtifactKind.ONNX)
    (False, True)
    """
    allowed = samples.tolerance if samples.tolerance is not None else TOLERANCE[kind]
    apart = (abs(2 * expected - (0 if log_odds else 1)) / max(1.0, abs(expected)) for expected in samples.expected)
    return max(apart, default=0.0) > 2 * allowed


def compare(samples: SampleRows, got: Sequence[float], kind: ArtifactKind) -> None:
    """Compare the answers with the expected ones. Raises SamplesDisagree with each row that differs, its expected answer and the actual one."""
    allowed = samples.tolerance if samples.tolerance is not None else TOLERANCE[kind]
    pairs = enumerate(zip(samples.expected, got, strict=True))
    wrong = [(at, expected, answer) for at, (expected, answer) in pairs if not abs(answer - expected) <= allowed * max(1.0, abs(expected))]
    if not wrong:
        return
    hint = _hint(wrong, allowed)
    issues = [
        Issue(pointer=f"{SAMPLES_AT}/expected/{at}", message=f"row {at}: expected {expected!r}, got {answer!r}{hint}") for at, expected, answer in wrong[:SHOWN]
    ]
    raise SamplesDisagree(f"{len(wrong)} of {len(samples.rows)} sample rows have an answer that differs from the expected one.", issues=issues)


def _hint(wrong: Sequence[tuple[int, float, float]], allowed: float) -> str:
    """Return the probable meaning of the expected answers, if it is obvious."""
    near = max(allowed, 1e-5)
    if all(abs(1 - answer - expected) <= near for _, expected, answer in wrong):
        return "; the expected answer is 1 minus this one: the probability of the other class"
    if all(0 < answer < 1 and abs(math.log(answer / (1 - answer)) - expected) <= near * max(1.0, abs(expected)) for _, expected, answer in wrong):
        return "; the expected answer is the margin of this probability"
    return ""


def _row(
    row: Mapping[str, Any] | Sequence[Any], at: str, features: Sequence[str], codes: Mapping[str, Codes], valued: frozenset[str], issues: list[Issue]
) -> list[float]:
    if not isinstance(row, Mapping):
        if len(row) != len(features):
            issues.append(Issue(pointer=at, message=f"the row has {len(row)} values, the artifact takes {len(features)}"))
            return []
        row = dict(zip(features, row, strict=True))
    issues += [Issue(pointer=f"{at}/{name}"[:300], message="the artifact has no such feature") for name in row.keys() - set(features)]
    return [_number(row.get(name), f"{at}/{name}"[:300], codes.get(name), name in valued, issues) for name in features]


def _number(value: Any, at: str, codes: Codes | None, valued: bool, issues: list[Issue]) -> float:
    if value is None:
        return math.nan
    if codes and (valued or isinstance(value, str)):
        code = code_of(codes, value)
        return math.nan if code is None else code
    if isinstance(value, int | float):
        return float(value)
    issues.append(Issue(pointer=at, message="a number, true or false, a category or null is expected here"))
    return math.nan
