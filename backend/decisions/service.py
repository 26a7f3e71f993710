"""What a group says of its decisions: settings, value table, the rules in force."""

from typing import NamedTuple
from uuid import UUID

import msgspec

from backend.catalog import service as catalog
from backend.decisions import actions, repository
from backend.decisions.decision_rule import names_of
from backend.decisions.errors import InvalidDecisionSettings, InvalidValueTable
from backend.decisions.value import cannot_decide, table_issues
from backend.groups import service as groups
from backend.groups.events import GROUP_CHANGED
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.catalog import Version, VersionRef
from schemas.common import Issue
from schemas.decisions import ConfigureDecisions, DecisionSettings, GroupDecisions, MemberRule, SetValueTable, ValueTable
from schemas.groups import Group, GroupRef

USUAL_NAMES = ("approve", "refer", "decline")
"""Decisions that every group knows."""


class DecisionFacts(NamedTuple):
    """What a group says of its decisions."""

    settings: DecisionSettings
    value_table: ValueTable | None


async def facts_of(work: UnitOfWork, group_id: UUID) -> DecisionFacts:
    """Return what a group says of its decisions; what it says nothing of is as usual."""
    row = await repository.of_group(work.session, work.tenant_id, group_id)
    if row is None:
        return DecisionFacts(DecisionSettings(), None)
    return DecisionFacts(
        msgspec.convert(row.settings, DecisionSettings),
        msgspec.convert(row.value_table, ValueTable, strict=False) if row.value_table else None,
    )


async def get(work: UnitOfWork, input: GroupRef) -> GroupDecisions:
    """Return a group's decisions. Raises GroupNotFound."""
    return await _describe(work, await groups.get(work, input))


async def configure(work: UnitOfWork, input: ConfigureDecisions) -> GroupDecisions:
    """Change the settings. Raises GroupNotFound, InvalidDecisionSettings."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    known = await names_known(work, group)
    if issues := [
        Issue(pointer=f"/settings/approves/{at}", message=f"no rule of the group gives {name!r}; known are {', '.join(known)}")
        for at, name in enumerate(input.settings.approves)
        if name not in known
    ]:
        raise InvalidDecisionSettings(issues=issues)
    before = (await facts_of(work, group.id)).settings
    await repository.keep(work.session, work.tenant_id, group.id, {"settings": plain(input.settings)})
    work.audit(actions.DECISIONS_CONFIGURE, f"group:{group.slug}", before, input.settings)
    work.live(GROUP_CHANGED, group.slug)
    return await _describe(work, group)


async def set_value_table(work: UnitOfWork, input: SetValueTable) -> GroupDecisions:
    """Set another value table, or none. Raises GroupNotFound, InvalidValueTable."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    if input.table and (issues := table_issues(input.table, await names_known(work, group), await _inputs(work, group))):
        raise InvalidValueTable(issues=issues[:100])
    before = (await facts_of(work, group.id)).value_table
    await repository.keep(work.session, work.tenant_id, group.id, {"value_table": plain(input.table) if input.table else None})
    work.audit(actions.DECISIONS_SET_VALUE_TABLE, f"group:{group.slug}", before, input.table)
    work.live(GROUP_CHANGED, group.slug)
    return await _describe(work, group)


async def names_known(work: UnitOfWork, group: Group) -> list[str]:
    """Return every decision of the group: the usual three, and what rules of its versions give, in all its phases."""
    phases = await groups.list_phases(work, GroupRef(slug=group.slug))
    ids = dict.fromkeys(member.version_id for phase in phases for member in phase.members)
    found = [await catalog.get_version(work, VersionRef(version_id=version_id)) for version_id in ids]
    return list(dict.fromkeys([*USUAL_NAMES, *(name for version in found if version.decision_rule for name in names_of(version.decision_rule.rule))]))


async def hidden_decisions(work: UnitOfWork, group: Group) -> list[str]:
    """Return decisions of the rules in force that hide their outcome, by the group's statement; none without a statement."""
    reveals = group.settings.reveals
    if reveals is None:
        return []
    versions = await members_of(work, group)
    return sorted({name for one in versions if one.decision_rule for name in names_of(one.decision_rule.rule)} - set(reveals))


async def members_of(work: UnitOfWork, group: Group) -> list[Version]:
    """Return the versions of the current phase."""
    return [await catalog.get_version(work, VersionRef(version_id=member.version_id)) for member in group.phase.members]


async def _inputs(work: UnitOfWork, group: Group) -> set[str] | None:
    """Return the inputs of the group's versions; None where it ignores others, so that requests may carry any."""
    if group.settings.unknown_inputs == "ignore":
        return None
    versions = await members_of(work, group)
    return {name for version in versions if version.artifact for name in version.artifact.features} | {
        feature.name for version in versions for feature in version.document.features
    }


async def _describe(work: UnitOfWork, group: Group) -> GroupDecisions:
    facts = await facts_of(work, group.id)
    versions = {version.id: version for version in await members_of(work, group)}
    names = list(dict.fromkeys(name for version in versions.values() if version.decision_rule for name in names_of(version.decision_rule.rule)))
    why = cannot_decide(facts.value_table, group.settings.reveals, names) if names else "No version of the group has a decision rule."
    return GroupDecisions(
        slug=group.slug,
        settings=facts.settings,
        value_table=facts.value_table,
        can_decide=why is None,
        reason=why,
        decisions=await names_known(work, group),
        rules=[
            MemberRule(version_id=one.version_id, version=one.label, role=one.role, rule=versions[one.version_id].decision_rule) for one in group.phase.members
        ],
    )
