"""A cut-off tried as a challenger or shadow: the version, its place in the group, and what was expected of it, in one step."""

import msgspec

from backend.access.current_permissions import require
from backend.access.permissions import P
from backend.catalog.errors import DecisionRuleUnfit
from backend.decisions import actions, repository
from backend.decisions.decision_rule import DECLINE
from backend.decisions.errors import CutoffUnsuited
from backend.decisions.explorer import curve_at
from backend.decisions.rule_change import set_decision_rule, version_of
from backend.decisions.service import DecisionFacts, facts_of
from backend.groups import service as groups
from backend.groups.errors import InvalidSplit
from backend.groups.phases import specs_of
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.catalog import Version
from schemas.common import Issue
from schemas.cutoffs import CutoffTrial, CutoffTrials, TryCutoff
from schemas.decisions import DecisionBand, DecisionRule, SetDecisionRule
from schemas.groups import Group, GroupRef, MemberRole, MemberSpec, SetSplit

MOST_TRIALS = 50


async def try_cutoff(work: UnitOfWork, input: TryCutoff) -> CutoffTrial:
    """Make a version with the cut-off and put it into the group. It takes the permission to make versions too.

    Raises Forbidden, GroupNotFound, VersionNotLogged, CutoffUnsuited, RuleUnchanged, DecisionRuleUnfit, VersionTaken, StalePhase, InvalidSplit, GateNotMet.
    """
    await require(work, P.CATALOG_MODEL_WRITE)
    if input.role == "challenger" and input.share == 0:
        raise InvalidSplit(issues=[Issue(pointer="/share", message="a challenger takes a share of the requests, in basis points: 500 is 5 %")])
    group = await groups.get(work, GroupRef(slug=input.slug))
    version = await version_of(work, group, input.version)
    facts = await facts_of(work, group.id)
    found = await curve_at(work, group, version, facts, input.cut)
    made = await _made(work, version, rule_at(input.cut, version, group, facts))
    members = with_member(specs_of(group), MemberSpec(version_id=made.id, role=MemberRole(input.role), share=input.share))
    reason = f"cut-off {input.cut:g} of {version.label} tried as {input.role}"
    after = await groups.set_split(work, SetSplit(slug=group.slug, phase=input.phase, members=members, reason=reason))
    trial = CutoffTrial(
        version_id=made.id,
        version=made.label,
        of=version.label,
        cut=input.cut,
        role=input.role,
        phase=after.phase.number,
        at=work.now,
        by=work.actor.name,
        currency=found.currency,
        expected=found.points[0].value,
        expected_gain=found.points[0].gain,
        expected_approval_rate=found.points[0].approval_rate,
        expected_least=found.points[0].value_least,
        expected_most=found.points[0].value_most,
    )
    kept = [trial, *await _kept(work, group)][:MOST_TRIALS]
    await repository.keep(work.session, work.tenant_id, group.id, {"trials": [plain(one) for one in kept]})
    work.audit(actions.DECISIONS_TRY_CUTOFF, f"group:{group.slug}", after=trial)
    return trial


async def list_trials(work: UnitOfWork, input: GroupRef) -> CutoffTrials:
    """Return the cut-offs tried in a group, newest first, with what was expected of each. Raises GroupNotFound."""
    group = await groups.get(work, input)
    return CutoffTrials(slug=group.slug, trials=await _kept(work, group))


async def _made(work: UnitOfWork, version: Version, rule: DecisionRule) -> Version:
    """Return a version with this rule. Raises RuleUnchanged, VersionWithoutArtifact, and DecisionRuleUnfit for the cut-off."""
    try:
        return await set_decision_rule(work, SetDecisionRule(version_id=version.id, rule=rule))
    except DecisionRuleUnfit as unfit:
        raise DecisionRuleUnfit(issues=[Issue(pointer="/cut", message=one.message) for one in unfit.issues]) from None


def rule_at(cut: float, version: Version, group: Group, facts: DecisionFacts) -> DecisionRule:
    """Return a rule with this cut-off: approvals on its safe side, declines on the other, without bands by segment. Raises CutoffUnsuited."""
    if not facts.settings.approves:
        raise CutoffUnsuited
    approve = facts.settings.approves[0]
    names = (approve, DECLINE) if group.settings.positive_scores == "higher" else (DECLINE, approve)
    on = version.decision_rule.rule.on if version.decision_rule else "score"
    return DecisionRule(on=on, bands=[DecisionBand(decision=names[0], below=cut), DecisionBand(decision=names[1])])


def with_member(members: list[MemberSpec], added: MemberSpec) -> list[MemberSpec]:
    """Return the split with one more version, whose share the champion gives.

    >>> from uuid import UUID
    >>> champion = MemberSpec(version_id=UUID(int=1), role=MemberRole.CHAMPION, share=10_000)
    >>> [one.share for one in with_member([champion], MemberSpec(version_id=UUID(int=2), role=MemberRole.CHALLENGER, share=500))]
    [9500, 500]
    """
    given = [msgspec.structs.replace(one, share=one.share - added.share) if one.role is MemberRole.CHAMPION else one for one in members]
    return [*given, added]


async def _kept(work: UnitOfWork, group: Group) -> list[CutoffTrial]:
    row = await repository.of_group(work.session, work.tenant_id, group.id)
    return msgspec.convert(row.trials, list[CutoffTrial], strict=False) if row else []
