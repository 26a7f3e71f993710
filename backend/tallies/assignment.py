"""How a row got its version: by random assignment or in another way. Only random assignment shows which version is better."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from backend.groups.buckets import BUCKETS
from backend.groups.phases import shares
from backend.work.unit import UnitOfWork

Arm = Literal["random", "fallback", "chosen", "shadow"]
"""The arms: by the bucket's draw; in place of a failed version; by name, or because another version lacked features; a copy."""
NOBODY = 255
MOST_KNOWN = 1_000
"""Draws that are kept: each takes about 10 kB."""
CLOSE = 1e-9


@dataclass(frozen=True)
class Draw:
    """A phase's draw: for each bucket the index of its owner among `versions` (or `NOBODY`), and each version's share. A phase never changes."""

    owners: bytes
    versions: Sequence[UUID]
    shares: Mapping[UUID, float]
    shadows: frozenset[UUID]
    threshold: float

    def owner(self, bucket: int) -> UUID | None:
        """Return the version of a bucket; None without such a bucket."""
        place = self.owners[bucket] if 0 <= bucket < BUCKETS else NOBODY
        return None if place == NOBODY else self.versions[place]

    def owners_of(self, buckets: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the versions of many buckets [n], as indices among the versions."""
        there = (buckets >= 0) & (buckets < BUCKETS)
        return np.where(there, np.frombuffer(self.owners, dtype=np.uint8)[np.where(there, buckets, 0)], NOBODY).astype(np.uint8)

    def arm(self, version_id: UUID, role: str, status: str, bucket: int, propensity: float) -> tuple[Arm, UUID | None]:
        """Return the arm of a row, and for a fallback the version it replaced.

        A row that its caller requested by version has a propensity that differs from its version's share.
        """
        if role == "shadow":
            return "shadow", None
        owner = self.owner(bucket)
        if status == "fallback":
            return "fallback", owner
        mine = owner == version_id and abs(propensity - self.shares[version_id]) < CLOSE
        return ("random" if mine else "chosen"), None


_known: OrderedDict[tuple[UUID, int], Draw] = OrderedDict()
"""The draws requested last, the latest last."""


async def draws(work: UnitOfWork, group_id: UUID, phases: set[int]) -> dict[int, Draw]:
    """Return the draws of some phases of a group; an unknown phase gets a draw without versions."""
    found = {phase: _known[group_id, phase] for phase in phases if (group_id, phase) in _known}
    if missing := phases - found.keys():
        rows = await shares(work, group_id, missing)
        found |= {phase: draw([row for row in rows if row.phase == phase]) for phase in missing}
    for phase, lot in found.items():
        if lot.versions:
            _known[group_id, phase] = lot
            _known.move_to_end((group_id, phase))
    while len(_known) > MOST_KNOWN:
        _known.popitem(last=False)
    return found


def draw(members: list[Any]) -> Draw:
    """Return a draw from a phase's members as rows: version_id, role, share, ranges, threshold."""
    champion = next((at for at, member in enumerate(members) if member.role == "champion"), NOBODY)
    owners = bytearray([champion]) * BUCKETS
    for at, member in enumerate(members):
        for span in member.ranges:
            owners[span["start"] : span["end"]] = bytes([at]) * (span["end"] - span["start"])
    return Draw(
        owners=bytes(owners),
        versions=[member.version_id for member in members],
        shares={member.version_id: member.share / BUCKETS for member in members},
        shadows=frozenset(member.version_id for member in members if member.role == "shadow"),
        threshold=members[0].threshold if members else 0.5,
    )
