"""Decisions of a group: rules tried, what was overridden, what decisions are worth."""

from backend.access.permissions import P
from backend.catalog.errors import DecisionRuleUnfit, VersionTaken
from backend.decisions import cutoff_trial, exploration, explorer, override_figures, rule_change, service, swap
from backend.decisions.errors import (
    CutoffUnsuited,
    ExplorationNotFound,
    ExplorationNotRequested,
    ExplorationOpen,
    InvalidDecisionSettings,
    InvalidExploration,
    InvalidValueTable,
    NoShadow,
    RuleUnchanged,
    SecondApproverNeeded,
    VersionNotLogged,
    VersionWithoutArtifact,
)
from backend.groups.errors import GateNotMet, GroupNotFound, InvalidSplit, StalePhase, VersionNotReady
from rpc.core import Router
from rpc.host import Call
from schemas.cutoffs import CutoffCurve, CutoffTrial, CutoffTrials, ExploreCutoffs, TryCutoff
from schemas.decisions import AskOverrides, ConfigureDecisions, GroupDecisions, Overrides, RuleTrial, SetValueTable, TryRule
from schemas.exploration import Exploration, ExplorationRef, Explorations, RequestExploration
from schemas.groups import GroupRef
from schemas.swap_sets import AskSwapSet, SwapSet

decisions = Router("decisions")


@decisions.query(permission=P.GROUP_GROUP_READ, errors=(GroupNotFound,))
async def get(ctx: Call, input: GroupRef) -> GroupDecisions:
    """Return a group's decisions: settings, value table, and the rules in force."""
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
    """Return what each cut-off would have given on mature rows, and the best one within limits."""
    return await explorer.explore(ctx.work, input)


@decisions.query(permission=P.GROUP_GROUP_READ, errors=(GroupNotFound,))
async def explorations(ctx: Call, input: GroupRef) -> Explorations:
    """List what a group approves by lot: terms, budget, and what became known."""
    return await exploration.list_explorations(ctx.work, input)


@decisions.mutation(permission=P.DECISION_GROUP_WRITE, errors=(GroupNotFound, InvalidExploration, ExplorationOpen))
async def request_exploration(ctx: Call, input: RequestExploration) -> Exploration:
    """Ask to approve a small share of would-be declines by lot. It begins when a second person approves."""
    return await exploration.request(ctx.work, input)


@decisions.mutation(
    permission=P.GROUP_GROUP_RESUME,
    errors=(GroupNotFound, ExplorationNotFound, ExplorationNotRequested, SecondApproverNeeded, InvalidExploration, GateNotMet),
)
async def approve_exploration(ctx: Call, input: ExplorationRef) -> Exploration:
    """Begin a requested exploration, as a second person."""
    return await exploration.approve(ctx.work, input)


@decisions.mutation(permission=P.DECISION_GROUP_WRITE, errors=(GroupNotFound, ExplorationNotFound, ExplorationNotRequested))
async def stop_exploration(ctx: Call, input: ExplorationRef) -> Exploration:
    """Stop an exploration at once, or withdraw its request."""
    return await exploration.stop(ctx.work, input)


@decisions.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound, NoShadow, VersionNotLogged))
async def swap_set(ctx: Call, input: AskSwapSet) -> SwapSet:
    """Show the applications that a shadow and the answering version decide alike, and those that only one would approve."""
    return await swap.swap(ctx.work, input)


TRY_ERRORS = (
    *(GroupNotFound, VersionNotLogged, VersionWithoutArtifact, CutoffUnsuited, RuleUnchanged, DecisionRuleUnfit, VersionTaken),
    *(StalePhase, InvalidSplit, VersionNotReady, GateNotMet),
)


@decisions.mutation(permission=P.GROUP_GROUP_WRITE, errors=TRY_ERRORS)
async def try_cutoff(ctx: Call, input: TryCutoff) -> CutoffTrial:
    """Make a version with another cut-off and put it into the group as challenger or shadow, in one step."""
    return await cutoff_trial.try_cutoff(ctx.work, input)


@decisions.query(permission=P.GROUP_GROUP_READ, errors=(GroupNotFound,))
async def cutoff_trials(ctx: Call, input: GroupRef) -> CutoffTrials:
    """List the cut-offs that were tried, with the value expected of each."""
    return await cutoff_trial.list_trials(ctx.work, input)
