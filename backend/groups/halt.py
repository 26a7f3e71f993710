"""Halts: one person stops answers at once; two people resume them."""

from uuid import UUID

from backend.catalog import service as catalog
from backend.db.locks import lock
from backend.groups import actions, repository
from backend.groups.errors import NotHalted, SecondPersonNeeded
from backend.groups.events import GROUP_CHANGED
from backend.groups.gate import answering, ask_gate
from backend.groups.phases import describe, find, halt, halts_in_force, settle, solo, specs_of
from backend.groups.propagation import heard, lost
from backend.groups.tables import HaltRow
from backend.ids import new_id
from backend.work.unit import UnitOfWork
from schemas.catalog import VersionRef
from schemas.groups import Group, Halt, HaltGroup, HaltVersion, ListHalts, ResumeGroup, ResumeVersion


async def halt_group(work: UnitOfWork, input: HaltGroup) -> Group:
    """Stop all answers of a group. Return once no process answers on a lease. A group that is already halted stays so. Raises GroupNotFound.

    Some groups let processes answer without a lease. Then the answer says whether there may be such a process.
    """
    group = await find(work, input.slug, lock=True)
    new = await _stop(work, input.reason, group_id=group.id)
    work.audit(actions.GROUPS_HALT, f"group:{group.slug}", after={"reason": input.reason, "was_halted": not new})
    await _announce(work, [group.slug], stale=group.on_control_loss == "stale")
    return await describe(work, group)


async def halt_version(work: UnitOfWork, input: HaltVersion) -> Halt:
    """Stop a version in every group. Return once no process answers with it on a lease. Raises VersionNotFound."""
    version = await catalog.get_version(work, VersionRef(version_id=input.version_id))
    new = await _stop(work, input.reason, version_id=version.id)
    work.audit(actions.GROUPS_HALT_VERSION, f"version:{version.id}", after={"label": version.label, "reason": input.reason, "was_halted": not new})
    await _announce(work, await repository.groups_of(work.session, work.tenant_id, version.id))
    return next(one for one in await halts_in_force(work) if one.version_id == version.id)


async def resume_group(work: UnitOfWork, input: ResumeGroup) -> Group:
    """Ask to resume a group, or confirm it as a second person. Raises GroupNotFound, NotHalted, GateNotMet, SecondPersonNeeded."""
    group = await find(work, input.slug, lock=True)
    row = await _halted(work, group_id=group.id)
    before = await describe(work, group)
    await ask_gate(work, "resume", group.id, answering(specs_of(before)))
    if await _resume(work, row, input.reason, f"group:{group.slug}"):
        await _announce(work, [group.slug])
    else:
        work.live(GROUP_CHANGED, group.slug)
    return await describe(work, group)


async def resume_version(work: UnitOfWork, input: ResumeVersion) -> Halt:
    """Ask to resume a version, or confirm it as a second person. Raises VersionNotFound, NotHalted, GateNotMet, SecondPersonNeeded."""
    version = await catalog.get_version(work, VersionRef(version_id=input.version_id))
    row = await _halted(work, version_id=version.id)
    await ask_gate(work, "resume", None, [version.id])
    if await _resume(work, row, input.reason, f"version:{version.id}"):
        await _announce(work, await repository.groups_of(work.session, work.tenant_id, version.id))
    return next(one for one in await list_halts(work, ListHalts()) if one.id == row.id)


async def list_halts(work: UnitOfWork, input: ListHalts) -> list[Halt]:
    """Return halts, newest first."""
    return [halt(row) for row in await repository.halts(work.session, work.tenant_id, input.in_force, input.slug)]


async def _stop(work: UnitOfWork, reason: str, group_id: UUID | None = None, version_id: UUID | None = None) -> bool:
    """Put a halt in force, unless one is in force."""
    await lock(work.session, f"halt:{group_id or version_id}")
    if await repository.open_halt(work.session, work.tenant_id, group_id, version_id):
        return False
    row = HaltRow(id=new_id(), tenant_id=work.tenant_id, group_id=group_id, version_id=version_id, reason=reason, self_approved=False)
    row.halted_at, row.halted_by = work.now, work.actor.name
    work.session.add(row)
    await work.session.flush()
    return True


async def _halted(work: UnitOfWork, group_id: UUID | None = None, version_id: UUID | None = None) -> HaltRow:
    row = await repository.open_halt(work.session, work.tenant_id, group_id, version_id)
    if row is None:
        raise NotHalted
    return row


async def _resume(work: UnitOfWork, row: HaltRow, reason: str, subject: str) -> bool:
    """Store the first person's request; a second person's request ends the halt. When only one person may resume, one request is enough, and is recorded so."""
    me = work.actor.person_id
    second = row.requested_at is not None and row.requested_by_id != me
    alone = not second and await solo(work)
    if not (second or alone):
        if row.requested_at is not None:
            raise SecondPersonNeeded
        row.requested_at, row.requested_by, row.requested_by_id = work.now, work.actor.name, me
        work.audit(actions.GROUPS_REQUEST_RESUME, subject, after={"reason": reason})
        await work.session.flush()
        return False
    if row.requested_at is None:
        row.requested_at, row.requested_by, row.requested_by_id = work.now, work.actor.name, me
    row.resumed_at, row.resumed_by, row.resume_reason, row.self_approved = work.now, work.actor.name, reason, alone
    work.audit(actions.GROUPS_RESUME, subject, {"requested_by": row.requested_by}, {"reason": reason, "self_approved": alone})
    await work.session.flush()
    return True


async def _announce(work: UnitOfWork, slugs: list[str], stale: bool = False) -> None:
    """Notify every process, also of a halt already in force: its commit may be so recent that nobody has heard of it."""
    await work.announce_routing()
    work.after_commit(lambda: settle(work, _heard(work, stale)))
    for slug in slugs:
        work.live(GROUP_CHANGED, slug)


async def _heard(work: UnitOfWork, stale: bool) -> bool:
    await heard(work.hub)
    return not (stale and await lost(work.hub))
