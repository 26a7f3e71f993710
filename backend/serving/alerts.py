"""Alerts of serving: versions that cannot answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from backend.catalog import service as catalog
from backend.catalog.artifact_files import artifact_name
from backend.declarations.alerts import AlertKind, Check, CheckContext, Finding
from backend.errors import HubError
from backend.files import FilesAway
from backend.groups import service as groups
from backend.hub import Hub
from backend.runtimes.served_versions import VersionFacts, facts_of
from backend.work.unit import UnitOfWork
from schemas.alerts import Severity
from schemas.catalog import VersionRef

UNLOADABLE = AlertKind(
    "version.unloadable",
    Severity.CRITICAL,
    "A version has a place in a group but does not load.",
    "Restore the data folder's artifacts and restart the hub, or open the group's Split and give its place to another version.",
)
Load = Callable[[VersionFacts], Awaitable[object]]


def checks(context: CheckContext[Hub]) -> Sequence[Check[UnitOfWork]]:
    """Return the check, which remembers the loaded versions."""
    return [Check((UNLOADABLE,), Loading(context.hub, context.load).find)]


class Loading:
    """Checks whether versions load. A version that loaded once in this process is later only looked up on disk."""

    def __init__(self, hub: Hub, load: Load) -> None:
        self._hub = hub
        self._load = load
        self._loaded: dict[UUID, VersionFacts] = {}

    async def find(self, work: UnitOfWork) -> list[Finding]:
        """Return members of groups that do not load."""
        members = [(group.slug, member) for group in await groups.list_groups(work) for member in group.phase.members]
        troubles = [(slug, member, await self.trouble(work, member.version_id)) for slug, member in members]
        return [
            UNLOADABLE.found(f"group:{slug}/version:{member.version_id}", f"{member.label} has a place in the group {slug} but does not load: {why}")
            for slug, member, why in troubles
            if why
        ]

    async def trouble(self, work: UnitOfWork, version_id: UUID) -> str | None:
        """Return why a version does not load; None when it does."""
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
        try:
            size = await asyncio.to_thread(self._hub.files.size, artifact_name(facts.artifact.sha256))
        except FilesAway as error:
            return error.message
        if size == facts.artifact.size_bytes:
            return None
        del self._loaded[version_id]
        return f"its artifact {facts.artifact.sha256[:12]}… is no longer whole where files are kept."
