"""How a row came to its version: by lot, or otherwise. Only what came by lot says which version is better."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text

from backend.inference.routing.hash import BUCKETS
from backend.work import UnitOfWork

Arm = Literal["random", "fallback", "chosen", "shadow"]
"""By its bucket's lot; in another's place that failed; by name, or because another lacked features; a copy."""
MOST_KNOWN = 1_000
CLOSE = 1e-9

MEMBERS = """
SELECT m.phase, m.version_id, m.role, m.share, m.ranges, p.threshold FROM members m JOIN phases p ON p.group_id = m.group_id AND p.number = m.phase
WHERE m.tenant_id = :tenant AND m.group_id = :group AND m.phase = ANY(CAST(:phases AS int[]))
"""


@dataclass(frozen=True)
class Draw:
    """A phase's lot: the owner of each bucket and each version's share. A phase never changes."""

    owners: Mapping[int, UUID]
    shares: Mapping[UUID, float]
    shadows: frozenset[UUID]
    threshold: float

    def arm(self, version_id: UUID, role: str, status: str, bucket: int, propensity: float) -> tuple[Arm, UUID | None]:
        """The arm of a row, and for one that fell back the version whose place it took.

        A row that a caller asked for by name says so by a propensity that is not its version's share.
        """
        if role == "shadow":
            return "shadow", None
        owner = self.owners.get(bucket)
        if status == "fallback":
            return "fallback", owner
        mine = owner == version_id and abs(propensity - self.shares[version_id]) < CLOSE
        return ("random" if mine else "chosen"), None


_known: dict[tuple[UUID, int], Draw] = {}


async def draws(work: UnitOfWork, group_id: UUID, phases: set[int]) -> dict[int, Draw]:
    """The lots of some phases of a group; of one that nobody opened, a lot that nobody has drawn."""
    if missing := [phase for phase in phases if (group_id, phase) not in _known]:
        found = (await work.session.execute(text(MEMBERS), {"tenant": work.tenant_id, "group": group_id, "phases": missing})).all()
        if len(_known) > MOST_KNOWN:
            _known.clear()
        made = {phase: draw([row for row in found if row.phase == phase]) for phase in missing}
        _known.update({(group_id, phase): one for phase, one in made.items() if one.shares})
        return made | {phase: _known[group_id, phase] for phase in phases - made.keys()}
    return {phase: _known[group_id, phase] for phase in phases}


def draw(members: list[Any]) -> Draw:
    """A lot from a phase's members as rows: version_id, role, share, ranges, threshold."""
    champion = next((member.version_id for member in members if member.role == "champion"), None)
    owners = dict.fromkeys(range(BUCKETS), champion) if champion else {}
    for member in members:
        for span in member.ranges:
            owners.update(dict.fromkeys(range(span["start"], span["end"]), member.version_id))
    shadows = frozenset(member.version_id for member in members if member.role == "shadow")
    threshold = members[0].threshold if members else 0.5
    return Draw(owners, {member.version_id: member.share / BUCKETS for member in members}, shadows, threshold)
