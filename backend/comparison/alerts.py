"""Alerts of comparison: traffic that differs from its split."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from backend.comparison.cells import tallied
from backend.comparison.figures import spread_of
from backend.declarations.alerts import AlertKind, Check, CheckContext, Finding
from backend.groups import service as groups
from backend.groups.events import GROUP_CHANGED
from backend.hub import Hub
from backend.live import service as live
from backend.numerics.statistics.clusters import Clusters
from backend.numerics.statistics.sample_ratio import proven_mismatch
from backend.tallies import service as tallies
from backend.work.unit import UnitOfWork
from schemas.alerts import Severity
from schemas.groups import Group, Member, MemberRole

SAMPLE_RATIO = AlertKind(
    "group.sample_ratio",
    Severity.MEDIUM,
    "A group's traffic is not shared as its split says.",
    "Do not decide on this comparison. Look for a challenger that falls back to the champion, and for callers that repeat some kinds of request.",
)
SETTLED = timedelta(seconds=5)


def checks(context: CheckContext[Hub]) -> Sequence[Check[UnitOfWork]]:
    """Return the check, which remembers its counts."""
    return [Check((SAMPLE_RATIO,), SampleRatios().find)]


class SampleRatios:
    """Counts a group's traffic again only when something arrived in the group since the last time."""

    def __init__(self) -> None:
        self._counted: dict[UUID, tuple[tuple[int, int], list[Finding]]] = {}
        """For each group the event and the phase of its last count, and the result."""

    async def find(self, work: UnitOfWork) -> list[Finding]:
        """Groups with a proven mismatch."""
        there = await groups.list_groups(work)
        changed = await live.newest(work, GROUP_CHANGED) if there else {}
        return [finding for group in there for finding in await self._of(work, group, changed.get(group.slug))]

    async def _of(self, work: UnitOfWork, group: Group, event: live.Noticed | None) -> list[Finding]:
        """Check one group. A young event may stand for later ones too, so its count is not remembered."""
        stamp = (event.seq if event else 0, group.phase.number)
        known = self._counted.get(group.id)
        if known is not None and known[0] == stamp:
            return known[1]
        off = await mismatch(work, group)
        found = [SAMPLE_RATIO.found(f"group:{group.slug}", in_words(group.slug, group.phase.number, off))] if off else []
        if event is None or event.age > SETTLED:
            self._counted[group.id] = (stamp, found)
        return found


def in_words(slug: str, phase: int, members: Sequence[tuple[str, float, float]]) -> str:
    """Return the alert's text: each member's label, configured share and actual share.

    >>> in_words("credit", 2, [("v1.2", 0.9, 0.702), ("v1.3", 0.1, 0.298)])
    'In phase 2 the traffic of the group credit is not shared as its split says: v1.2 70 % of 90 %, v1.3 30 % of 10 %.'
    """
    seen = ", ".join(f"{label} {found:.0%} of {asked:.0%}" for label, asked, found in members).replace("%", " %")
    return f"In phase {phase} the traffic of the group {slug} is not shared as its split says: {seen}."


async def mismatch(work: UnitOfWork, group: Group) -> list[tuple[str, float, float]]:
    """Return label, configured share and actual share of each answering member, if the two cannot be reconciled; else nothing.

    It may be called at any time, any number of times.
    """
    counts = await tallies.random_counts(work, group.id, group.phase.number)
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
    """Return how much more the members' requests vary than independent ones."""
    cells = [cell for cell in await tallied(work, group.id, [group.phase]) if cell.key.arm == "random"]
    parts = ((member, [cell.part.clusters for cell in cells if cell.key.version_id == member.version_id]) for member in members)
    return spread_of((member, Clusters.merged(mine)) for member, mine in parts)
