"""Explaining records, version by version, in a thread, for as long as there is time: what is left is explained by the sweep."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from backend.catalog import service as catalog
from backend.inference.features import encode
from backend.inference.versions import Runtimes, ServedVersion, explanations, facts_of
from backend.work import UnitOfWork
from schemas.catalog import VersionRef
from schemas.inference import Explanation

if TYPE_CHECKING:
    from backend.bootstrap import Hub

log = logging.getLogger("tiltyard.drain")
CHUNK = 256
SECONDS = 2.0

Case = tuple[UUID, Mapping[str, Any]]
"""An inference's id and inputs."""


class Explainer:
    """Explains with the versions' own runtimes, each loaded once in this process."""

    def __init__(self, hub: "Hub") -> None:
        self._runtimes = Runtimes(hub.files)
        self._served: dict[UUID, ServedVersion] = {}

    async def explain(self, work: UnitOfWork, cases: Mapping[UUID, Sequence[Case]], seconds: float = SECONDS) -> dict[UUID, Explanation]:
        """The explanations of cases by version, as many as fit the time, but some of each. A version that fails is logged, its cases are left."""
        deadline = time.monotonic() + seconds
        explained: dict[UUID, Explanation] = {}
        for version_id, mine in cases.items():
            try:
                version = await self._version(work, version_id)
                explained |= await asyncio.to_thread(_explain, version, mine, deadline)
            except Exception:
                log.exception("version %s does not explain %s inferences; the sweep tries them again", version_id, len(mine))
        return explained

    async def _version(self, work: UnitOfWork, version_id: UUID) -> ServedVersion:
        if version_id not in self._served:
            version = await catalog.get_version(work, VersionRef(version_id=version_id))
            self._served[version_id] = await self._runtimes.serve(facts_of(version))
        return self._served[version_id]


def by_version(cases: Sequence[tuple[UUID, Case]]) -> dict[UUID, list[Case]]:
    """Cases sorted by their version."""
    sorted_: defaultdict[UUID, list[Case]] = defaultdict(list)
    for version_id, case in cases:
        sorted_[version_id].append(case)
    return dict(sorted_)


def _explain(version: ServedVersion, cases: Sequence[Case], deadline: float) -> dict[UUID, Explanation]:
    explained: dict[UUID, Explanation] = {}
    for start in range(0, len(cases), CHUNK):
        if start and time.monotonic() > deadline:
            break
        chunk = cases[start : start + CHUNK]
        rows = [encode(version.specs, dict(inputs), "").row for _, inputs in chunk]
        batch = version.explain(version.matrix(rows))
        explained |= dict(zip((identifier for identifier, _ in chunk), explanations(version, batch), strict=True))
    return explained
