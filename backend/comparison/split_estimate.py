"""Estimates a new split on a phase's predictions, before it is tried."""

import numpy as np

from backend.comparison import queries as split_queries
from backend.comparison.cells import CLOCKS_APART
from backend.comparison.service import PhaseNotFound
from backend.comparison.standings import metric_in, rule_of
from backend.errors import Invalid
from backend.groups import service as groups
from backend.groups.buckets import BUCKETS, MemberFacts, owners
from backend.numerics.statistics.off_policy import estimate
from backend.work.unit import UnitOfWork
from schemas.common import Interval, Issue
from schemas.comparison import MetricEstimate
from schemas.groups import GroupRef, MemberRole, Phase
from schemas.ramps import EstimateSplit, SplitEstimate

Z95 = 1.959963984540054


class NoSupport(Invalid):
    """These versions answered nobody in that phase, so nothing is known about their answers. Choose a phase in which they answered."""


async def estimate_split(work: UnitOfWork, input: EstimateSplit) -> SplitEstimate:
    """Return the decision metric's mean loss under another split. Raises GroupNotFound, PhaseNotFound, Invalid, NoSupport."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    phases = await groups.list_phases(work, GroupRef(slug=input.slug))
    phase = next((one for one in phases if input.phase in (None, one.number)), None)
    if phase is None:
        raise PhaseNotFound(f"The group {input.slug!r} has no phase {input.phase}; its phases are 1 to {phases[0].number}.")
    ratios = _ratios(phase, input)
    owner = owners(facts_of(phase))
    since = phase.opened_at - CLOCKS_APART
    metric = await metric_in(work, group, phase)
    rows = await split_queries.bucket_losses(work.session, group.table_name, metric.name, rule_of(group, phase), phase.number, since)
    counts = np.array([row.n for row in rows], dtype=np.float64)
    totals = np.array([float(row.total) for row in rows], dtype=np.float64)
    found = estimate(counts, totals, np.array([ratios[owner[row.bucket]] for row in rows], dtype=np.float64))
    n = int(counts.sum())
    old, new, difference = (found.old, found.new, found.difference) if found else (None, None, None)
    return SplitEstimate(
        slug=group.slug,
        phase=phase.number,
        metric=metric.name,
        n=n,
        effective_n=found.effective_n if found else 0.0,
        current=_with_interval(old, n),
        proposed=_with_interval(new, n),
        difference=_with_interval(difference, n),
        held=metric.held,
    )


def facts_of(phase: Phase) -> list[MemberFacts]:
    """Return the members of a phase in routing's form."""
    return [MemberFacts(version_id=one.version_id, role=one.role.value, share=one.share, ranges=one.ranges) for one in phase.members]


def _ratios(phase: Phase, input: EstimateSplit) -> list[float]:
    """Return for each member the new share divided by the old one."""
    wanted = {member.version_id: member.share for member in input.members}
    if sum(wanted.values()) != BUCKETS:
        raise Invalid(f"The shares sum to {sum(wanted.values())}, not {BUCKETS}.", issues=[Issue(pointer="/members", message="the shares sum to 10 000")])
    answered = {member.version_id for member in phase.members if member.role is not MemberRole.SHADOW and member.share}
    unknown = [at for at, member in enumerate(input.members) if member.share and member.version_id not in answered]
    if unknown:
        raise NoSupport(issues=[Issue(pointer=f"/members/{at}/version_id", message=f"it answered nobody in phase {phase.number}") for at in unknown])
    return [wanted.get(member.version_id, 0) / member.share if member.share else 0.0 for member in phase.members]


def _with_interval(said: tuple[float, float] | None, n: int) -> MetricEstimate:
    if said is None:
        return MetricEstimate(value=None, interval=None, n=n)
    value, error = said
    return MetricEstimate(value=value, interval=Interval(low=value - Z95 * error, high=value + Z95 * error), n=n)
