"""Cases scored by their versions."""

import asyncio
import logging
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from backend.errors import HubError
from backend.inference.cases import Case
from backend.inference.runtimes.protocol import Scores

log = logging.getLogger("tiltyard.inference")
AskRemote = Callable[[Sequence[Case]], Awaitable[list[Case]]]
"""Scores cases of one version that is elsewhere; gives those that failed, with why."""
INLINE_ROWS = 16
"""More rows than this are scored in a thread; a few take less time than handing them over."""

_budgeted = ThreadPoolExecutor(8, thread_name_prefix="challenger")


async def score(cases: Sequence[Case], remote: AskRemote, budget_ms: int | None = None) -> list[Case]:
    """Score cases by version, challengers within their time budget; gives those that failed, with why. Versions elsewhere are asked last, by `remote`."""
    failed: list[Case] = []
    for mine in sorted(by_version(cases).values(), key=lambda some: some[0].version.remote):
        if mine[0].version.remote:
            failed += await _ask_within(mine, remote, budget_ms if mine[0].member.role == "challenger" else None)
        elif budget_ms is not None and mine[0].member.role == "challenger":
            failed += await _score_within(mine, budget_ms)
        elif len(mine) <= INLINE_ROWS:
            failed += score_version(mine)
        else:
            failed += await asyncio.to_thread(score_version, mine)
    return failed


async def _ask_within(cases: Sequence[Case], remote: AskRemote, budget_ms: int | None) -> list[Case]:
    try:
        async with asyncio.timeout(budget_ms / 1000 if budget_ms is not None else None):
            return await remote(cases)
    except TimeoutError:
        return _late(cases, budget_ms)


def score_version(cases: Sequence[Case]) -> list[Case]:
    """Score cases of one version; gives those that failed, with why."""
    version = cases[0].version
    try:
        if len(cases) == 1:
            one = cases[0]
            one.score, one.margin = version.runtime.predict_row(one.row)
            return _without_score(cases)
        scores = version.runtime.predict(version.matrix([case.row for case in cases]))
    except Exception as error:
        return _failed(cases, error)
    return _take(cases, scores)


async def _score_within(cases: Sequence[Case], budget_ms: int) -> list[Case]:
    """The same in a thread, given up after the budget. A version that hangs keeps its threads busy, and whoever comes next waits no longer than its budget."""
    version = cases[0].version
    matrix = version.matrix([case.row for case in cases])
    scoring = asyncio.get_running_loop().run_in_executor(_budgeted, version.runtime.predict, matrix)
    await asyncio.wait({scoring}, timeout=budget_ms / 1000)
    if not scoring.done():
        scoring.cancel()
        return _late(cases, budget_ms)
    try:
        scores = scoring.result()
    except Exception as error:
        return _failed(cases, error)
    return _take(cases, scores)


def _take(cases: Sequence[Case], scores: Scores) -> list[Case]:
    margins = scores.margin.tolist() if scores.margin is not None else [None] * len(cases)
    for case, score, margin in zip(cases, scores.score.tolist(), margins, strict=True):
        case.score, case.margin = score, margin
    return _without_score(cases)


def _without_score(cases: Sequence[Case]) -> list[Case]:
    found = [case for case in cases if not math.isfinite(case.score)]
    for case in found:
        case.error = "the score is not a finite number"
    return found


def _late(cases: Sequence[Case], budget_ms: int | None) -> list[Case]:
    for case in cases:
        case.error = f"it took longer than its {budget_ms} ms"
    return list(cases)


def _failed(cases: Sequence[Case], error: Exception) -> list[Case]:
    log.error("%s does not answer", cases[0].version.label, exc_info=error)
    for case in cases:
        case.error = error.message if isinstance(error, HubError) else type(error).__name__
    return list(cases)


def give_up(cases: Sequence[Case]) -> None:
    """Mark cases as failed: whatever was scored is no score."""
    for case in cases:
        case.status, case.score, case.margin = "failed", math.nan, None


def by_version(cases: Sequence[Case]) -> Mapping[UUID, Sequence[Case]]:
    """Cases sorted by the version that answers them."""
    if len(cases) == 1:
        return {cases[0].version.id: cases}
    found: defaultdict[UUID, list[Case]] = defaultdict(list)
    for case in cases:
        found[case.version.id].append(case)
    return found
