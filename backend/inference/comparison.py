"""The contenders side by side within one phase, and the evidence of what was shown."""

import asyncio
import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from redis.exceptions import RedisError

from backend.errors import NotFound
from backend.groups import service as groups
from backend.ids import new_id
from backend.inference import log_queries
from backend.inference.contenders import Columns, columns_of, contender, ratio
from backend.inference.verdict import verdict
from backend.work import UnitOfWork
from schemas.groups import Comparison, Group, GroupRef, MemberRole, Phase, RowRange

if TYPE_CHECKING:
    from backend.bootstrap import Hub

log = logging.getLogger("tiltyard.comparison")
EVIDENCE_SECONDS = 300
FRESH_SECONDS = 1.0
MOST_KEPT = 200
CLOCKS_APART = timedelta(minutes=1)
"""By so much another machine's inference ids may seem older than the phase they are of."""

_shown: dict[tuple[UUID, int], tuple[float, Comparison]] = {}
"""What this process showed last, and when it began to read that, by group and phase."""


class PhaseNotFound(NotFound):
    """This group has no such phase."""


async def compare(work: UnitOfWork, slug: str, phase: int | None = None, since: float = 0.0) -> Comparison:
    """The comparison of a phase (absent: the current one), at most a second old, or begun after `since` (of `time.monotonic`).

    What is shown is kept for five minutes as evidence that a promotion may be based on. Raises GroupNotFound, PhaseNotFound.
    """
    group = await groups.get(work, GroupRef(slug=slug))
    wanted = group.phase if phase in (None, group.phase.number) else await _past(work, slug, phase)
    key = (group.id, wanted.number)
    kept = _shown.get(key)
    begun = time.monotonic()
    if kept and kept[0] > (since or begun - FRESH_SECONDS):
        return kept[1]
    rows = await log_queries.phase_columns(work.session, group.table_name, wanted.number, wanted.opened_at - CLOCKS_APART)
    columns = {row.model_version_id: columns_of(row) for row in rows}
    span = RowRange(first=min(row.first for row in rows), last=max(row.last for row in rows)) if rows else None
    comparison = await asyncio.to_thread(_compare, work, group, wanted, columns, span)
    await _keep(work.hub, group.id, comparison)
    if len(_shown) >= MOST_KEPT:
        _shown.clear()
    _shown[key] = (begun, comparison)
    return comparison


async def take_evidence(work: UnitOfWork, group_id: UUID, evidence_id: UUID) -> Comparison | None:
    """The comparison that was shown under this id; None when it is unknown or older than five minutes."""
    kept = await work.hub.redis.get(_key(group_id, evidence_id))
    return msgspec.msgpack.decode(kept, type=Comparison) if kept else None


async def _past(work: UnitOfWork, slug: str, number: int | None) -> Phase:
    phases = await groups.list_phases(work, GroupRef(slug=slug))
    found = next((phase for phase in phases if phase.number == number), None)
    if found is None:
        raise PhaseNotFound(f"The group {slug!r} has no phase {number}; its phases are 1 to {phases[0].number}.")
    return found


def _compare(work: UnitOfWork, group: Group, phase: Phase, columns: dict[UUID, Columns], span: RowRange | None) -> Comparison:
    answering = [member for member in phase.members if member.role is not MemberRole.SHADOW]
    shadows = {member.version_id for member in phase.members} - {member.version_id for member in answering}
    total = sum(one.n for version_id, one in columns.items() if version_id not in shadows)
    words, leader = verdict(answering, columns, group.decision_metric, group.threshold)
    return Comparison(
        slug=group.slug,
        phase=phase.number,
        at=work.now,
        evidence_id=new_id(),
        decision_metric=group.decision_metric,
        threshold=group.threshold,
        contenders=[contender(member, columns.get(member.version_id), total, group.threshold) for member in phase.members],
        sample_ratio=ratio(answering, columns),
        rows=span,
        verdict=words,
        leader=leader,
    )


async def _keep(hub: "Hub", group_id: UUID, comparison: Comparison) -> None:
    try:
        await hub.redis.set(_key(group_id, comparison.evidence_id), msgspec.msgpack.encode(comparison), ex=EVIDENCE_SECONDS)
    except (RedisError, OSError):
        log.warning("the evidence %s could not be kept: Redis is not answering", comparison.evidence_id)


def _key(group_id: UUID, evidence_id: UUID) -> str:
    return f"tiltyard:{group_id}:evidence:{evidence_id}"
