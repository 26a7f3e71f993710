"""Groups: create, list, change their split."""

import secrets

import msgspec
from sqlalchemy.exc import IntegrityError

from backend.groups import actions, repository
from backend.groups.errors import GroupSlugTaken, StalePhase
from backend.groups.gate import answering, ask_gate
from backend.groups.phases import EXPLORATION, announce, check_members, columns_of, describe, find, group_of, halts_in_force, open_phase, owned, phase_of, solo
from backend.groups.tables import GroupRow
from backend.ids import new_id
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.exploration import RunningExploration
from schemas.groups import (
    ConfigureGroup,
    CreateGroup,
    Group,
    GroupRef,
    MemberSpec,
    Phase,
    SetSplit,
)


async def create(work: UnitOfWork, input: CreateGroup) -> Group:
    """Create a group with its own log table, in one transaction. Raises InvalidSplit, VersionNotReady, GroupSlugTaken, GateNotMet."""
    await check_members(work, input.members)
    group = GroupRow(
        id=new_id(),
        tenant_id=work.tenant_id,
        slug=input.slug,
        name=input.name,
        table_name=f"pending {new_id()}",
        salt=secrets.token_hex(16),
        threshold=input.threshold,
        decision_metric=input.decision_metric,
        phase=0,
        **columns_of(input.settings),
        created_at=work.now,
        created_by=work.actor.name,
    )
    work.session.add(group)
    try:
        await work.session.flush()
    except IntegrityError:
        raise GroupSlugTaken from None
    group.table_name = await repository.provision(work.session, group.id, work.now)
    await ask_gate(work, "split", group.id, answering(input.members))
    await open_phase(work, group, input.members, {}, "created")
    created = await describe(work, group)
    work.audit(actions.GROUPS_CREATE, f"group:{group.slug}", after=created)
    return created


async def list_groups(work: UnitOfWork) -> list[Group]:
    """Return groups by slug, each in its current phase."""
    rows = await repository.groups(work.session, work.tenant_id)
    ids = [row.id for row in rows]
    phases = {(phase.group_id, phase.number): phase for phase in await repository.phases(work.session, work.tenant_id, ids)}
    members = await repository.members(work.session, work.tenant_id, ids)
    halts, alone = await halts_in_force(work), await solo(work)
    return [group_of(work, row, phase_of(phases[row.id, row.phase], members), halts, alone) for row in rows]


async def get(work: UnitOfWork, input: GroupRef) -> Group:
    """Return one group. Raises GroupNotFound."""
    group = await describe(work, await find(work, input.slug))
    loading = await repository.loading(work.session, [member.version_id for member in group.phase.members])
    states = {version: {"preparing": preparing, "load_error": failure} for version, (preparing, failure) in loading.items()}
    members = [msgspec.structs.replace(member, **states[member.version_id]) for member in group.phase.members]
    return msgspec.structs.replace(group, phase=msgspec.structs.replace(group.phase, members=members))


async def list_phases(work: UnitOfWork, input: GroupRef) -> list[Phase]:
    """Return every phase of a group, the current one first. Raises GroupNotFound."""
    group = await find(work, input.slug)
    members = await repository.members(work.session, work.tenant_id, [group.id])
    return [phase_of(row, members) for row in await repository.phases(work.session, work.tenant_id, [group.id])]


async def set_split(work: UnitOfWork, input: SetSplit) -> Group:
    """Open a phase with new roles and shares. Raises GateNotMet, and StalePhase when the split has changed since the caller read it."""
    group = await find(work, input.slug, lock=True)
    before = await describe(work, group)
    if before.phase.number != input.phase:
        raise StalePhase(phase=before.phase.number)
    await check_members(work, input.members)
    await ask_gate(work, "split", group.id, answering(input.members))
    if input.threshold is not None:
        group.threshold = input.threshold
    await open_phase(work, group, input.members, owned(before.phase), input.reason)
    after = await describe(work, group)
    work.audit(actions.GROUPS_SET_SPLIT, f"group:{group.slug}", before.phase, after.phase)
    return after


async def set_exploration(work: UnitOfWork, slug: str, running: RunningExploration | None) -> None:
    """Start or end an exploration in every process. Raises GroupNotFound."""
    group = await find(work, slug, lock=True)
    kept = {name: value for name, value in group.answering.items() if name != EXPLORATION}
    group.answering = kept | ({EXPLORATION: plain(running)} if running else {})
    await work.session.flush()
    await announce(work, group)


async def configure(work: UnitOfWork, input: ConfigureGroup) -> Group:
    """Change the settings. A new routing key opens a phase, because the same applicants may then meet another version. Raises GroupNotFound."""
    group = await find(work, input.slug, lock=True)
    before = await describe(work, group)
    running = {name: value for name, value in group.answering.items() if name == EXPLORATION}
    for name, value in columns_of(input.settings).items():
        setattr(group, name, {**value, **running} if name == "answering" else value)
    if input.settings.routing_key != before.settings.routing_key:
        members = [MemberSpec(version_id=member.version_id, role=member.role, share=member.share) for member in before.phase.members]
        await open_phase(work, group, members, owned(before.phase), f"routed by {input.settings.routing_key}")
    else:
        await work.session.flush()
        await announce(work, group)
    after = await describe(work, group)
    work.audit(actions.GROUPS_CONFIGURE, f"group:{group.slug}", before.settings, after.settings)
    return after
