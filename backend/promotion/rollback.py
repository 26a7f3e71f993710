"""Restores the earlier champion: version, decision threshold, features."""

from backend.groups import transitions
from backend.groups.errors import NothingToRestore, StalePhase, VersionNotWarm
from backend.groups.gate import answering, ask_gate
from backend.groups.phases import specs_of
from backend.groups.propagation import warm_everywhere
from backend.groups.rules import after_promotion
from backend.promotion import actions, impact
from backend.work.unit import UnitOfWork
from schemas.groups import Group, Rollback


async def rollback(work: UnitOfWork, input: Rollback) -> Group:
    """Give all traffic to the earlier champion, with the threshold of its last phase. Shadows stay; challengers do not.

    Every process has already loaded it, so nothing waits.
    Raises GroupNotFound, StalePhase, NothingToRestore, VersionNotWarm, GateNotMet; then nothing is changed.
    """
    before = await transitions.lock(work, input.slug)
    if before.phase.number != input.phase:
        raise StalePhase(phase=before.phase.number)
    target = await transitions.champion_before(work, before)
    if target is None:
        raise NothingToRestore
    if not await warm_everywhere(work.hub, target.version_id):
        raise VersionNotWarm
    members = after_promotion(specs_of(before), target.version_id, None)
    await ask_gate(work, "rollback", before.id, answering(members))
    expected = await impact.consent(work, before, members, accepted=True)
    after = await transitions.next_phase(work, before, members, f"rollback: {input.reason}", target.threshold)
    what = {"phase": after.phase.number, "restores_phase": target.phase, "reason": input.reason, "refused_share": expected.share if expected else 0.0}
    work.audit(actions.GROUPS_ROLLBACK, f"group:{after.slug}", before.phase, what)
    return after
