"""Decision rules for tests, and versions that carry them."""

from backend.decisions.rule_change import set_decision_rule
from backend.groups import service as groups
from backend.hub import Hub
from schemas.catalog import Version
from schemas.decisions import DecisionBand, DecisionRule, SetDecisionRule
from schemas.groups import Group, GroupRef, MemberRole, MemberSpec, SetSplit
from tests.support.tenants import Tenant


def bands(*parts: tuple[str, float | None]) -> list[DecisionBand]:
    """Bands from pairs of decision and bound."""
    return [DecisionBand(decision=name, below=below) for name, below in parts]


def cut_at(bound: float) -> DecisionRule:
    """Approve below a bound, decline the rest."""
    return DecisionRule(bands=bands(("approve", bound), ("decline", None)))


async def with_rule(hub: Hub, tenant: Tenant, version: Version, rule: DecisionRule | None) -> Version:
    """A new version with the rule."""
    async with hub.work(tenant.admin) as work:
        return await set_decision_rule(work, SetDecisionRule(version_id=version.id, rule=rule))


async def split(hub: Hub, tenant: Tenant, slug: str, *members: tuple[Version, MemberRole, int]) -> Group:
    """Open a phase with these members."""
    async with hub.work(tenant.admin) as work:
        group = await groups.get(work, GroupRef(slug=slug))
        specs = [MemberSpec(version_id=version.id, role=role, share=share) for version, role, share in members]
        return await groups.set_split(work, SetSplit(slug=slug, phase=group.phase.number, members=specs, reason="a rule comes in"))
