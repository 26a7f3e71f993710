"""Decisions of a group: rules tried, what was overridden, what decisions are worth."""

from backend.access.permissions import P
from backend.catalog.errors import DecisionRuleUnfit
from backend.decisions import explorer, override_figures, rule_change, service
from backend.decisions.errors import InvalidDecisionSettings, InvalidValueTable, VersionNotLogged
from backend.groups.errors import GroupNotFound
from rpc.core import Router
from rpc.host import Call
from schemas.cutoffs import CutoffCurve, ExploreCutoffs
from schemas.decisions import AskOverrides, ConfigureDecisions, GroupDecisions, Overrides, RuleTrial, SetValueTable, TryRule
from schemas.groups import GroupRef

decisions = Router("decisions")


@decisions.query(permission=P.GROUP_GROUP_READ, errors=(GroupNotFound,))
async def get(ctx: Call, input: GroupRef) -> GroupDecisions:
    """A group's decisions: settings, value table, and the rules in force."""
    return await service.get(ctx.work, input)


@decisions.mutation(permission=P.DECISION_GROUP_WRITE, errors=(GroupNotFound, InvalidDecisionSettings))
async def configure(ctx: Call, input: ConfigureDecisions) -> GroupDecisions:
    """State which decisions approve, which reveal an outcome, and by which decision versions are compared."""
    return await service.configure(ctx.work, input)


@decisions.mutation(permission=P.DECISION_GROUP_WRITE, errors=(GroupNotFound, InvalidValueTable))
async def set_value_table(ctx: Call, input: SetValueTable) -> GroupDecisions:
    """State what each decision is worth with each outcome; null takes the table away."""
    return await service.set_value_table(ctx.work, input)


@decisions.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound, VersionNotLogged, DecisionRuleUnfit))
async def try_rule(ctx: Call, input: TryRule) -> RuleTrial:
    """Try a rule on a group's logged rows before it is kept: counts before and after, and what moves."""
    return await rule_change.try_rule(ctx.work, input)


@decisions.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound,))
async def overrides(ctx: Call, input: AskOverrides) -> Overrides:
    """How often final decisions differ from the recommended ones: by version, direction, segment, group of persons, and reason code."""
    return await override_figures.overrides(ctx.work, input)


@decisions.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound, VersionNotLogged))
async def explore(ctx: Call, input: ExploreCutoffs) -> CutoffCurve:
    """What each cut-off would have given on mature rows, and the best one within limits."""
    return await explorer.explore(ctx.work, input)
