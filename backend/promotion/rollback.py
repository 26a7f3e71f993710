"""Going back to the champion before, as it was: version, decision threshold, features."""

from backend.groups import repository
from backend.groups.errors import NothingToRestore, StalePhase, VersionNotWarm
from backend.groups.phases import describe, find, open_phase, owned
from backend.groups.propagation import warm_everywhere
from backend.groups.rules import after_promotion
from backend.work.unit import UnitOfWork
from schemas.groups import Group, MemberSpec, Rollback


async def rollback(work: UnitOfWork, input: Rollback) -> Group:
    """Give all traffic to the champion before, with the threshold of its last phase. Shadows stay; challengers do not.

    It is loaded in every process already, so nothing waits. Raises GroupNotFound, StalePhase, NothingToRestore, VersionNotWarm; then nothing is changed.
    """
    group = await find(work, input.slug, lock=True)
    before = await describe(work, group)
    if before.phase.number != input.phase:
        raise StalePhase(phase=before.phase.number)
    target = await repository.champion_before(work.session, work.tenant_id, group.id, group.phase)
    if target is None:
        raise NothingToRestore
    if not await warm_everywhere(work.hub, target.version_id):
        raise VersionNotWarm
    current = [MemberSpec(version_id=member.version_id, role=member.role, share=member.share) for member in before.phase.members]
    group.threshold = target.threshold
    await open_phase(work, group, after_promotion(current, target.version_id, None), owned(before.phase), f"rollback: {input.reason}")
    after = await describe(work, group)
    work.audit("groups.rollback", f"group:{group.slug}", before.phase, {"phase": after.phase.number, "restores_phase": target.phase, "reason": input.reason})
    return after
