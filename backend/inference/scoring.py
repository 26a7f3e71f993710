"""Cases scored and explained by their versions."""

import asyncio
import logging
import math
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from backend.errors import HubError
from backend.inference.cases import Case
from backend.inference.versions import explanations

log = logging.getLogger("tiltyard.inference")
INLINE_ROWS = 16
"""More rows than this are scored in a thread; a few take less time than handing them over."""


async def score(cases: Sequence[Case]) -> list[Case]:
    """Score cases by version; gives those that failed, with why."""
    failed: list[Case] = []
    for mine in _by_version(cases).values():
        failed += score_version(mine) if len(mine) <= INLINE_ROWS else await asyncio.to_thread(score_version, mine)
    return failed


def score_version(cases: Sequence[Case]) -> list[Case]:
    """Score cases of one version; gives those that failed, with why."""
    version = cases[0].version
    try:
        scores = version.runtime.predict(version.matrix([case.row for case in cases]))
    except Exception as error:
        log.exception("%s does not answer", version.label)
        for case in cases:
            case.error = error.message if isinstance(error, HubError) else type(error).__name__
        return list(cases)
    margins = scores.margin.tolist() if scores.margin is not None else [None] * len(cases)
    for case, score, margin in zip(cases, scores.score.tolist(), margins, strict=True):
        case.score, case.margin = score, margin
        if not math.isfinite(score):
            case.error = "the score is not a finite number"
    return [case for case in cases if not math.isfinite(case.score)]


def give_up(cases: Sequence[Case]) -> None:
    """Mark cases as failed: whatever was scored is no score."""
    for case in cases:
        case.status, case.score, case.margin = "failed", math.nan, None


def explain(cases: Sequence[Case]) -> None:
    """Explain scored cases; belongs in a thread. A version that fails leaves its cases to the drain."""
    for mine in _by_version(cases).values():
        version = mine[0].version
        try:
            batch = version.explain(version.matrix([case.row for case in mine]))
        except Exception:
            log.exception("%s does not explain in line; the drain tries again", version.label)
            continue
        for case, explanation in zip(mine, explanations(version, batch), strict=True):
            case.explanation = explanation


def _by_version(cases: Sequence[Case]) -> dict[UUID, list[Case]]:
    by_version: defaultdict[UUID, list[Case]] = defaultdict(list)
    for case in cases:
        by_version[case.version.id].append(case)
    return by_version
