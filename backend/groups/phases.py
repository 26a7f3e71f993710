"""Groups and their phases: stored rows, and their form for callers."""

from collections.abc import Awaitable, Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from backend.access import service as access
from backend.access.permissions import P
from backend.catalog import service as catalog
from backend.catalog.rules import label
from backend.groups import repository
from backend.groups.errors import GroupNotFound, InvalidSplit, VersionNotReady
from backend.groups.events import GROUP_CHANGED
from backend.groups.propagation import everywhere
from backend.groups.rules import allocate, problems
from backend.groups.tables import GroupRow, MemberRow, PhaseRow
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.catalog import VersionRef, VersionState
from schemas.common import Issue
from schemas.group_settings import GroupSettings, LogPolicy
from schemas.groups import BucketRange, Group, Halt, Member, MemberRole, MemberSpec, Phase
from schemas.promotion import Promotion

EXPLORATION = "exploration"
"""The field of `answering` that an exploration sets, beside the group's settings."""


async def find(work: UnitOfWork, slug: str, lock: bool = False) -> GroupRow:
    """Return the row of a group, for this slice. Raises GroupNotFound."""
    row = await repository.group(work.session, work.tenant_id, slug, lock)
    if row is None:
        raise GroupNotFound(f"There is no group {slug!r} in this tenant.")
    return row


async def open_phase(work: UnitOfWork, group: GroupRow, members: Sequence[MemberSpec], before: dict[UUID, list[BucketRange]], reason: str) -> None:
    """Open the next phase: members with their buckets. Every process learns of it after the commit."""
    group.phase += 1
    key = {"tenant_id": work.tenant_id, "group_id": group.id}
    bundle = {"threshold": group.threshold, "routing_key": group.routing_key}
    work.session.add(PhaseRow(**key, **bundle, number=group.phase, opened_at=work.now, opened_by=work.actor.name, reason=reason))
    await work.session.flush()
    ranges = allocate(before, {member.version_id: member.share for member in members})
    for member in members:
        spans = plain(ranges[member.version_id])
        work.session.add(MemberRow(**key, phase=group.phase, version_id=member.version_id, role=member.role, share=member.share, ranges=spans))
    await work.session.flush()
    await announce(work, group)


async def announce(work: UnitOfWork, group: GroupRow) -> None:
    """Announce a change of the group. The caller gets an answer once every process has it or can no longer answer without it; else the answer says so."""
    await work.announce_routing()
    work.after_commit(lambda: settle(work, everywhere(work.hub, group.id)))
    work.live(GROUP_CHANGED, group.slug)


async def settle(work: UnitOfWork, agreement: Awaitable[bool]) -> None:
    """Wait for the processes, and set in the answer whether all of them agree. When this cannot be found out, the answer says that they may not."""
    settled = False
    try:
        settled = await agreement
    finally:
        work.amend(lambda answer: _settled(answer, settled))


def columns_of(settings: GroupSettings) -> dict[str, Any]:
    """Return the settings as columns of the group's row."""
    return {
        "on_control_loss": settings.on_control_loss,
        "time_budget_ms": settings.time_budget_ms,
        "routing_key": settings.routing_key,
        "require_verdict": settings.require_verdict,
        "min_matured_share": settings.min_matured_share,
        "maturity_hours": settings.maturity_hours,
        "answering": {name: getattr(settings, name) for name in ("positive_scores", "unknown_inputs", "unknown_categories", "reveals")},
    }


async def describe(work: UnitOfWork, group: GroupRow) -> Group:
    """Return the group as callers see it."""
    phases = await repository.phases(work.session, work.tenant_id, [group.id])
    members = await repository.members(work.session, work.tenant_id, [group.id], group.phase)
    return group_of(work, group, phase_of(phases[0], members), await halts_in_force(work), await solo(work))


def owned(phase: Phase) -> dict[UUID, list[BucketRange]]:
    """Return the number of buckets of each version."""
    return {member.version_id: member.ranges for member in phase.members}


def specs_of(group: Group) -> list[MemberSpec]:
    """Return the current split."""
    return [MemberSpec(version_id=member.version_id, role=member.role, share=member.share) for member in group.phase.members]


async def shares(work: UnitOfWork, group_id: UUID, phases: Collection[int]) -> Sequence[Row[Any]]:
    """Return shares and buckets in some phases: rows of phase, version_id, role, share, ranges, and the phase's threshold."""
    return await repository.shares(work.session, work.tenant_id, group_id, phases)


async def check_members(work: UnitOfWork, members: Sequence[MemberSpec]) -> None:
    """Check that the split is sound and each version can serve. Raises InvalidSplit, VersionNotReady."""
    if issues := problems(members):
        raise InvalidSplit(issues=issues)
    for at, member in enumerate(members):
        version = await catalog.get_version(work, VersionRef(version_id=member.version_id))
        if version.state is not VersionState.READY:
            message = f"{version.model_name} {version.label} is {version.state}; upload its artifact first"
            raise VersionNotReady(issues=[Issue(pointer=f"/members/{at}/version_id", message=message)])


async def solo(work: UnitOfWork) -> bool:
    """Return whether one person may resume: the hub runs in solo mode, or nobody else in the tenant may resume."""
    return work.hub.settings.solo or await access.count_who_may(work, P.GROUP_GROUP_RESUME) <= 1


async def halts_in_force(work: UnitOfWork) -> list[Halt]:
    """Return the tenant's halts in force."""
    return [halt(row) for row in await repository.halts(work.session, work.tenant_id, in_force=True)]


def halt(row: Row[Any]) -> Halt:
    """Return a halt as callers see it."""
    return Halt(
        id=row.id,
        slug=row.slug,
        version_id=row.version_id,
        label=label(row.version) if row.version else None,
        model_name=row.model_name,
        reason=row.reason,
        at=row.halted_at,
        by=row.halted_by,
        requested_at=row.requested_at,
        requested_by=row.requested_by,
        resumed_at=row.resumed_at,
        resumed_by=row.resumed_by,
        resume_reason=row.resume_reason,
        self_approved=row.self_approved,
    )


def group_of(work: UnitOfWork, row: GroupRow, phase: Phase, halts: Sequence[Halt], alone: bool) -> Group:
    """Return a stored group as callers see it."""
    serving = {member.version_id for member in phase.members}
    return Group(
        id=row.id,
        name=row.name,
        slug=row.slug,
        table_name=row.table_name,
        endpoint=f"{work.hub.settings.url}/v1/groups/{row.slug}/predict",
        created_at=row.created_at,
        decision_metric=row.decision_metric,
        threshold=row.threshold,
        phase=phase,
        settings=GroupSettings(
            on_control_loss=row.on_control_loss,  # type: ignore[arg-type]  # the table's own check
            time_budget_ms=row.time_budget_ms,
            routing_key=row.routing_key,
            require_verdict=row.require_verdict,
            min_matured_share=row.min_matured_share,
            maturity_hours=row.maturity_hours,
            **{name: value for name, value in row.answering.items() if name != EXPLORATION},
        ),
        halt=next((one for one in halts if one.slug == row.slug), None),
        halted_versions=[one for one in halts if one.version_id in serving],
        log=LogPolicy(
            retention_days=row.retention_days,
            retention_policy=row.retention_policy,  # type: ignore[arg-type]  # the table's own checks
            legal_hold=row.legal_hold,
            when_unlogged=row.when_unlogged,  # type: ignore[arg-type]
            stale_max_seconds=row.stale_max_seconds,
        ),
        salt=row.salt,
        solo=alone,
    )


def phase_of(row: PhaseRow, members: Sequence[Row[Any]]) -> Phase:
    """Return a stored phase as callers see it."""
    mine = [member_of(member) for member in members if member.group_id == row.group_id and member.phase == row.number]
    return Phase(
        number=row.number,
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        reason=row.reason,
        threshold=row.threshold,
        routing_key=row.routing_key,
        members=mine,
    )


def member_of(row: Row[Any]) -> Member:
    """Return a stored member as callers see it."""
    return Member(
        version_id=row.version_id,
        model_name=row.model_name,
        model_slug=row.model_slug,
        version=row.version,
        label=label(row.version),
        role=MemberRole(row.role),
        share=row.share,
        ranges=msgspec.convert(row.ranges, list[BucketRange]),
        meaning=row.meaning or "",
    )


def _settled(answer: Any, settled: bool) -> Any:
    if isinstance(answer, Promotion):
        return msgspec.structs.replace(answer, group=_settled(answer.group, settled))
    return msgspec.structs.replace(answer, settled=settled) if isinstance(answer, Group) else answer
