"""Explaining records, version by version, in a thread, for as long as there is time: what is left is explained by the sweep."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from backend.catalog import service as catalog
from backend.inference.features import encode
from backend.inference.versions import Runtimes, ServedVersion, VersionFacts, explanations, facts_of
from backend.work import UnitOfWork
from schemas.catalog import VersionRef
from schemas.inference import Explanation, Inputs

if TYPE_CHECKING:
    from backend.bootstrap import Hub

log = logging.getLogger("tiltyard.drain")
CHUNK, ESTIMATED_CHUNK = 1024, 256
"""Rows explained before the time is looked at again."""
SECONDS = 2.0
PATIENCE_SECONDS = 1.0
"""How long a version may take to get ready before its rows go into the log without waiting for their explanations."""

Case = tuple[UUID, Inputs, float | None]
"""An inference's id and inputs, and the margin that it was answered with."""


class NotReady(Exception):
    """The version's explainer is still being loaded and compiled."""


class Explainer:
    """Explains with the versions' own runtimes, each loaded and compiled once in this process, whatever job asked first."""

    def __init__(self, hub: "Hub") -> None:
        self._runtimes = Runtimes(hub.files)
        self._served: dict[UUID, asyncio.Task[ServedVersion]] = {}

    async def explain(self, work: UnitOfWork, cases: Mapping[UUID, Sequence[Case]], seconds: float = SECONDS, final: bool = False) -> dict[UUID, Explanation]:
        """The explanations of cases by version: as many as fit the time, but some of each version that is ready.

        A version that fails is logged. With `final` its cases are marked with the reason, so that they do not stand before others for ever.
        """
        deadline = time.monotonic() + seconds
        explained: dict[UUID, Explanation] = {}
        for version_id, mine in cases.items():
            try:
                version = await self._version(work, version_id)
                explained |= await asyncio.to_thread(_explain, version, mine, deadline)
            except NotReady:
                continue
            except Exception:
                log.exception("version %s does not explain %s inferences", version_id, len(mine))
                explained |= {identifier: _none() for identifier, _, _ in mine} if final else {}
        return explained

    async def load(self, facts: VersionFacts) -> ServedVersion:
        """The version, loaded as serving loads it. Raises what its runtime raises."""
        return await self._runtimes.serve(facts)

    async def prepare(self, work: UnitOfWork, version_id: UUID) -> None:
        """Begin to load and compile a version; what fails is tried again when it is next asked for."""
        task = self._served.get(version_id)
        if task is None or (task.done() and task.exception()):
            facts = facts_of(await catalog.get_version(work, VersionRef(version_id=version_id)))
            self._served[version_id] = asyncio.create_task(self._load(facts))

    async def _version(self, work: UnitOfWork, version_id: UUID) -> ServedVersion:
        await self.prepare(work, version_id)
        done, _ = await asyncio.wait({self._served[version_id]}, timeout=PATIENCE_SECONDS)
        if not done:
            raise NotReady
        return self._served[version_id].result()

    async def _load(self, facts: VersionFacts) -> ServedVersion:
        version = await self._runtimes.serve(facts)
        for rows in (1, ESTIMATED_CHUNK):  # one row and many go through kernels of their own
            await asyncio.to_thread(version.explain, version.matrix([[0.0] * len(version.specs)] * rows))
        return version


def _none() -> Explanation:
    reason = "the version does not explain this inference: see the worker's log"
    return Explanation(method="none", exact=False, space="value", base=0.0, values={}, residual=0.0, reason=reason)


def by_version(cases: Sequence[tuple[UUID, Case]]) -> dict[UUID, list[Case]]:
    """Cases sorted by their version."""
    sorted_: defaultdict[UUID, list[Case]] = defaultdict(list)
    for version_id, case in cases:
        sorted_[version_id].append(case)
    return dict(sorted_)


def _explain(version: ServedVersion, cases: Sequence[Case], deadline: float) -> dict[UUID, Explanation]:
    explained: dict[UUID, Explanation] = {}
    size = ESTIMATED_CHUNK if version.runtime.estimated else CHUNK
    for start in range(0, len(cases), size):
        if start and time.monotonic() > deadline:
            break
        chunk = cases[start : start + size]
        rows = [version.plain(inputs) or encode(version.specs, inputs, "").row for _, inputs, _ in chunk]
        batch = version.explain(version.matrix(rows), [margin for _, _, margin in chunk])
        explained |= dict(zip((identifier for identifier, _, _ in chunk), explanations(version, batch), strict=True))
    return explained
