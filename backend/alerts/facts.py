"""Facts about what serves and what was logged, for those who watch over it."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from backend.catalog import service as catalog
from backend.catalog.artifact_files import artifact_path
from backend.comparison.cells import tallied
from backend.comparison.figures import spread_of
from backend.errors import HubError
from backend.hub import Hub
from backend.inference_log.redis_keys import dead_key
from backend.inference_log.refs import LogRef, log_refs
from backend.numerics.statistics.clusters import Clusters
from backend.numerics.statistics.sample_ratio import proven_mismatch
from backend.runtimes.served_versions import ServedVersion, VersionFacts, facts_of
from backend.tallies import queries as tallies
from backend.work.unit import UnitOfWork
from schemas.catalog import VersionRef
from schemas.groups import Group, Member, MemberRole

Load = Callable[[VersionFacts], Awaitable[ServedVersion]]


async def dead_letters(hub: Hub) -> list[tuple[LogRef, int]]:
    """The logs of all tenants that have entries which cannot be stored, and how many."""
    refs = await log_refs(hub)
    async with hub.redis.pipeline(transaction=False) as pipe:
        for ref in refs:
            pipe.llen(dead_key(ref.group_id))
        lengths = await pipe.execute() if refs else []
    return [(ref, length) for ref, length in zip(refs, lengths, strict=True) if length]


async def mismatch(work: UnitOfWork, group: Group) -> list[tuple[str, float, float]]:
    """Label, share asked for, and share seen of each answering member, if the two cannot be reconciled; else nothing.

    It may be asked at any time, any number of times.
    """
    counts = await tallies.random_counts(work.session, work.tenant_id, group.id, group.phase.number)
    members = [member for member in group.phase.members if member.role is not MemberRole.SHADOW]
    seen = [counts.get(member.version_id, 0) for member in members]
    shares = [member.share for member in members]
    if not proven_mismatch(seen, shares):
        return []
    often = await _spread(work, group, members)
    if not proven_mismatch([count / often for count in seen], shares):
        return []
    return [(member.label, member.share / 10_000, count / sum(seen)) for member, count in zip(members, seen, strict=True)]


async def _spread(work: UnitOfWork, group: Group, members: Sequence[Member]) -> float:
    """By how much the members' requests vary more than independent ones would."""
    cells = [cell for cell in await tallied(work, group.id, [group.phase]) if cell.key.arm == "random"]
    parts = ((member, [cell.part.clusters for cell in cells if cell.key.version_id == member.version_id]) for member in members)
    return spread_of((member, Clusters.merged(mine)) for member, mine in parts)


class Loading:
    """Whether versions load. What has loaded once in this process is afterwards only looked for on the disk."""

    def __init__(self, hub: Hub, load: Load) -> None:
        self._hub = hub
        self._load = load
        self._loaded: dict[UUID, VersionFacts] = {}

    async def trouble(self, work: UnitOfWork, version_id: UUID) -> str | None:
        """Why a version does not load; None when it does."""
        facts = self._loaded.get(version_id)
        if facts is None:
            facts = facts_of(await catalog.get_version(work, VersionRef(version_id=version_id)))
            try:
                await self._load(facts)
            except HubError as error:
                return error.message
            except Exception as error:  # a runtime's own
                return f"{type(error).__name__}; the worker's log says more."
            self._loaded[version_id] = facts
        path = artifact_path(self._hub.files, facts.artifact.sha256)
        if path.exists() and path.stat().st_size == facts.artifact.size_bytes:
            return None
        del self._loaded[version_id]
        return f"its artifact {facts.artifact.sha256[:12]}… is no longer whole in the data folder."
