"""Explains records in a thread, version by version, within a time limit. The sweep explains the rest."""

import asyncio
import logging
import time
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from backend.catalog import service as catalog
from backend.hub import Hub
from backend.inference_log.explanations.retry_pauses import Pauses, passes
from backend.runtimes.features import encode
from backend.runtimes.served_versions import RUNTIMES_KEPT, Runtimes, ServedVersion, VersionFacts, explanations, facts_of
from backend.work.unit import UnitOfWork
from schemas.catalog import VersionRef
from schemas.inference import Explanation, Inputs

log = logging.getLogger("tiltyard.drain")
MOST_AT_A_TIME, CHUNK_SECONDS = 1024, 0.25
"""Seconds. Between two looks at the clock, as many rows are explained as are likely to fit into this time, at least one."""
EXPLAIN_SECONDS, GRACE_SECONDS = 2.0, 2.0
"""Seconds for the rows, and for work begun within that time to finish."""
LOAD_SECONDS = 1.0
"""Seconds that a version may take to get ready. After that its rows go into the log without explanations."""
MANY = 16
"""Enough rows for the kernel of many rows."""

Case = tuple[UUID, Inputs, float | None]
"""An inference's id, inputs, and answered margin."""


class NotReady(Exception):
    """The version's explainer is still being loaded and compiled."""


@dataclass
class Found:
    """The explanations that a thread has made so far, and the reason of the last failure."""

    explained: dict[UUID, Explanation] = field(default_factory=dict)
    unexplained: int = 0
    error: Exception | None = None


class Explainer:
    """Explains with the versions' own runtimes. Each is loaded and compiled once in this process."""

    def __init__(self, hub: Hub) -> None:
        self._runtimes = Runtimes(hub.files)
        self._ready: OrderedDict[UUID, asyncio.Task[ServedVersion]] = OrderedDict()
        self._pauses = Pauses()
        self.serving: frozenset[UUID] = frozenset()
        """The versions in groups: they stay loaded, as in serving."""

    @property
    def paused(self) -> frozenset[UUID]:
        """Return the versions that failed and are not yet tried again."""
        return self._pauses.current()

    async def explain(self, work: UnitOfWork, cases: Mapping[UUID, Sequence[Case]], seconds: float = EXPLAIN_SECONDS) -> dict[UUID, Explanation]:
        """Explain cases by version: as many as fit the time, but some of each version that is ready.

        A case that its model cannot explain is marked with the reason. When a version fails temporarily (its artifact is gone, memory or time runs out), its
        cases stay unexplained and the version pauses.
        """
        deadline = time.monotonic() + seconds
        explained: dict[UUID, Explanation] = {}
        for version_id, mine in cases.items():
            if version_id in self.paused:
                continue
            found = Found()
            try:
                version = await self._version(work, version_id)
                left = max(0.0, deadline - time.monotonic())
                async with asyncio.timeout(left + GRACE_SECONDS):
                    await asyncio.to_thread(_explain, version, mine, deadline, found)
            except NotReady:
                continue
            except Exception as error:
                pause = self._pauses.lengthen(version_id)
                log.exception("version %s cannot be explained now (%s): its inferences wait; the next attempt is in %.0f s", version_id, _why(error), pause)
            else:
                self._pauses.end(version_id)
            if found.error:
                log.error("version %s cannot be explained for %s inferences", version_id, found.unexplained, exc_info=found.error)
            explained |= found.explained.copy()  # a thread past its time may still work on its last rows
        return explained

    async def load(self, facts: VersionFacts) -> ServedVersion:
        """Load the version as serving does. Raises what its runtime raises."""
        return await self._runtimes.serve(facts)

    async def prepare(self, work: UnitOfWork, version_id: UUID) -> None:
        """Start to load and compile a version. A failure is tried again at the next request. The oldest versions outside groups are unloaded."""
        task = self._ready.get(version_id)
        if task is None or (task.done() and task.exception()):
            facts = facts_of(await catalog.get_version(work, VersionRef(version_id=version_id)))
            self._ready[version_id] = asyncio.create_task(self._load(facts))
        self._ready.move_to_end(version_id)
        spare = [one for one, task in self._ready.items() if task.done() and one not in self.serving and one != version_id]
        for one in spare[: max(0, len(spare) - RUNTIMES_KEPT)]:
            del self._ready[one]

    async def _version(self, work: UnitOfWork, version_id: UUID) -> ServedVersion:
        await self.prepare(work, version_id)
        task = self._ready[version_id]
        done, _ = await asyncio.wait({task}, timeout=LOAD_SECONDS)
        if not done:
            raise NotReady
        return task.result()

    async def _load(self, facts: VersionFacts) -> ServedVersion:
        version = await self._runtimes.serve(facts)
        for rows in (1, MANY) if version.runtime.in_line else (1,):  # one row and many rows use different kernels
            try:
                await asyncio.to_thread(version.explain, version.matrix([[0.0] * len(version.specs)] * rows))
            except Exception as error:
                if passes(error):
                    raise
                log.exception("%s cannot be explained for a row of zeros; other rows may work", version.label)
        return version


def by_version(cases: Sequence[tuple[UUID, Case]]) -> dict[UUID, list[Case]]:
    """Group cases by their version."""
    sorted_: defaultdict[UUID, list[Case]] = defaultdict(list)
    for version_id, case in cases:
        sorted_[version_id].append(case)
    return dict(sorted_)


def _why(error: Exception) -> str:
    return "its time is up" if isinstance(error, TimeoutError) else type(error).__name__


def _explain(version: ServedVersion, cases: Sequence[Case], deadline: float, found: Found) -> None:
    """Explain until the deadline, but at least one case. Raises temporary failures; earlier explanations stay."""
    start, size = 0, 1
    while start < len(cases) and (not start or time.monotonic() < deadline):
        chunk = cases[start : start + size]
        began = time.monotonic()
        _explain_chunk(version, chunk, found)
        start += len(chunk)
        each = (time.monotonic() - began) / len(chunk)
        size = max(1, min(MOST_AT_A_TIME, int(CHUNK_SECONDS / max(each, 1e-9))))


def _explain_chunk(version: ServedVersion, chunk: Sequence[Case], found: Found) -> None:
    """Explain all rows together. On a lasting failure, halve them until the failing rows are alone."""
    try:
        rows = [version.plain(inputs) or encode(version.specs, inputs, "").row for _, inputs, _ in chunk]
        batch = version.explain(version.matrix(rows), [margin for _, _, margin in chunk])
        found.explained.update(zip((identifier for identifier, _, _ in chunk), explanations(version, batch), strict=True))
    except Exception as error:
        if passes(error):
            raise
        if len(chunk) > 1:
            half = len(chunk) // 2
            _explain_chunk(version, chunk[:half], found)
            _explain_chunk(version, chunk[half:], found)
            return
        found.unexplained, found.error = found.unexplained + 1, error
        found.explained[chunk[0][0]] = _none()


def _none() -> Explanation:
    reason = "the version cannot explain this inference; see the worker's log"
    return Explanation(method="none", exact=False, space="value", base=0.0, values={}, residual=0.0, reason=reason)
