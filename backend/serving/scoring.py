"""Scores cases with their versions."""

import asyncio
import logging
import math
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID
from weakref import WeakKeyDictionary

from backend.errors import HubError
from backend.runtimes.protocol import Scores
from backend.runtimes.served_versions import ServedVersion
from backend.serving.prepare import Case

log = logging.getLogger("tiltyard.inference")
AskRemote = Callable[[Sequence[Case]], Awaitable[list[Case]]]
"""A function that scores cases of one external version and returns the failed ones with the reason."""
INLINE_ROWS = 16
"""With more rows than this, a thread scores them; few take less time than a thread switch."""

SLOW_SECONDS = 0.005
"""Seconds. Slower versions are scored in a thread, because other callers of this process would wait."""
THREADS = 4
"""Number of threads for each version that is scored in threads: one that hangs takes no other's."""

_threads: WeakKeyDictionary[ServedVersion, ThreadPoolExecutor] = WeakKeyDictionary()
_pace: dict[UUID, float] = {}
"""Seconds per row, as last measured, for versions that may take too long."""


async def score(cases: Sequence[Case], remote: AskRemote, budget_ms: int | None = None) -> list[Case]:
    """Score cases by version, challengers within their time budget. Return the failed ones with the reason. `remote` asks external versions last."""
    failed: list[Case] = []
    for mine in [cases] if len(cases) == 1 else sorted(by_version(cases).values(), key=lambda some: some[0].version.remote):
        if mine[0].version.remote:
            failed += await _ask_within(mine, remote, budget_ms if mine[0].member.role == "challenger" else None)
        elif budget_ms is not None and mine[0].member.role == "challenger":
            failed += await _score_within(mine, budget_ms)
        elif len(mine) <= INLINE_ROWS:
            failed += _timed(mine) if not _pace or _quick(mine) else await _in_thread(mine, _timed)
        else:
            failed += await asyncio.to_thread(score_version, mine)
    return failed


def _quick(cases: Sequence[Case]) -> bool:
    return _pace.get(cases[0].version.id, 0.0) * len(cases) < SLOW_SECONDS


def _timed(cases: Sequence[Case]) -> list[Case]:
    """Score like `score_version`, and record the duration."""
    started = time.perf_counter()
    failed = score_version(cases)
    seconds = (time.perf_counter() - started) / len(cases)
    if seconds * INLINE_ROWS > SLOW_SECONDS:
        _pace[cases[0].version.id] = seconds
    elif _pace:
        _pace.pop(cases[0].version.id, None)
    return failed


async def _in_thread(cases: Sequence[Case], scoring: Callable[[Sequence[Case]], list[Case]]) -> list[Case]:
    return await asyncio.get_running_loop().run_in_executor(_threads_of(cases[0].version), scoring, cases)


def _threads_of(version: ServedVersion) -> ThreadPoolExecutor:
    if version not in _threads:
        _threads[version] = ThreadPoolExecutor(THREADS, thread_name_prefix=f"score {version.label}")
    return _threads[version]


async def _ask_within(cases: Sequence[Case], remote: AskRemote, budget_ms: int | None) -> list[Case]:
    try:
        async with asyncio.timeout(budget_ms / 1000 if budget_ms is not None else None):
            return await remote(cases)
    except TimeoutError:
        return _late(cases, budget_ms)


def score_version(cases: Sequence[Case]) -> list[Case]:
    """Score cases of one version. Return the failed ones with the reason."""
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
    """Score in a thread, and give up after the budget. A version that hangs keeps its threads busy; the next caller waits no longer than its budget."""
    version = cases[0].version
    matrix = version.matrix([case.row for case in cases])
    scoring = asyncio.get_running_loop().run_in_executor(_threads_of(version), version.runtime.predict, matrix)
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
    """Mark cases as failed and remove their scores."""
    for case in cases:
        case.status, case.score, case.margin = "failed", math.nan, None


def by_version(cases: Sequence[Case]) -> Mapping[UUID, Sequence[Case]]:
    """Return cases by the version that answers them."""
    if len(cases) == 1:
        return {cases[0].version.id: cases}
    found: defaultdict[UUID, list[Case]] = defaultdict(list)
    for case in cases:
        found[case.version.id].append(case)
    return found
