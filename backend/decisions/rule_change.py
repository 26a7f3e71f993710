"""A rule tried on logged rows, and a version that keeps it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Row

from backend.catalog import service as catalog
from backend.catalog.decision_rules import require_fit, segment_text
from backend.catalog.fork import fork_version
from backend.catalog.rules import changed_version
from backend.decisions import actions, repository
from backend.decisions.decision_rule import Names, decide_many, names_of
from backend.decisions.errors import RuleUnchanged, VersionNotLogged, VersionWithoutArtifact
from backend.groups import service as groups
from backend.numerics.statistics.estimate import Floats
from backend.work.unit import UnitOfWork
from schemas.catalog import ModelRef, Version, VersionRef, VersionState
from schemas.decisions import BandCount, DecisionMove, DecisionRule, RuleTrial, SegmentTrial, SetDecisionRule, TrialBin, TryRule
from schemas.groups import Group, GroupRef

MINOR_SHARE = 0.01
"""A rule that moves a greater share of logged decisions makes a minor version, any other a patch."""
NUMBERED_BY = 50_000
"""Number of latest rows of each group that show how many decisions change."""
BINS = 40
OTHER = "other"


class LoggedScores(NamedTuple):
    """LoggedScores rows of a version: the scores [n], what was decided [n], and the rule's input [n]."""

    scores: Floats
    decisions: Names
    segments: Sequence[Any]


async def set_decision_rule(work: UnitOfWork, input: SetDecisionRule) -> Version:
    """Create a version with another's artifact and this rule.

    Its number is the next patch. It is the next minor for a first rule, a removed rule, or when more than 1 % of the decisions on logged rows change. Raises
    VersionNotFound, VersionWithoutArtifact, DecisionRuleUnfit, RuleUnchanged, VersionTaken.
    """
    source = await catalog.get_version(work, VersionRef(version_id=input.version_id))
    if source.state is not VersionState.READY or source.artifact is None:
        raise VersionWithoutArtifact
    if input.rule == (source.decision_rule.rule if source.decision_rule else None):
        raise RuleUnchanged
    if input.rule is not None:
        require_fit(input.rule, source.document, source.artifact, "/rule")
    rows, moved = await _moved(work, source, input.rule)
    first = source.decision_rule is None or input.rule is None
    slug = await catalog.model_of_version(work, source.id)
    await catalog.own_numbers(work, slug)
    taken = [version.version for version in await catalog.list_versions(work, ModelRef(slug=slug))]
    number = changed_version(taken, source.version, minor=first or is_minor(moved, rows))
    made = await fork_version(work, VersionRef(version_id=source.id), input.rule, number)
    after = {"version_id": str(made.id), "rule": input.rule, "from": source.label, "rows": rows, "moved": moved}
    work.audit(actions.MODELS_SET_DECISION_RULE, f"model:{slug}:{number}", before=source.decision_rule, after=after)
    return made


async def try_rule(work: UnitOfWork, input: TryRule) -> RuleTrial:
    """Return what a rule would have decided on the latest logged rows of a version. Raises GroupNotFound, VersionNotLogged, DecisionRuleUnfit."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    version = await version_of(work, group, input.version)
    require_fit(input.rule, version.document, version.artifact, "/rule")
    logged = await _logged(work, group.table_name, version, input.rule, input.most)
    work.audit_read(actions.DECISIONS_TRY_RULE, f"group:{group.slug}")
    return trial(version.label, logged, input.rule, first=version.decision_rule is None)


def trial(label: str, logged: LoggedScores, rule: DecisionRule, *, first: bool) -> RuleTrial:
    """Return what a rule does to logged rows."""
    after = decide_many(rule, logged.scores, logged.segments)
    scored = ~np.isnan(logged.scores)
    moves = Counter(zip(logged.decisions[scored].tolist(), after[scored].tolist(), strict=True))
    rows = int(scored.sum())
    moved = sum(count for (before, now), count in moves.items() if before != now)
    return RuleTrial(
        version=label,
        rows=rows,
        without_score=len(logged.scores) - rows,
        moved=moved,
        share_moved=moved / rows if rows else 0.0,
        change="minor" if first or is_minor(moved, rows) else "patch",
        counts=_counts(logged.decisions[scored], after[scored], rule),
        moves=[DecisionMove(before=before, after=now, rows=count) for (before, now), count in moves.most_common() if before != now],
        segments=_by_segment(logged, after, rule),
        scores=_bins(logged.scores[scored]),
    )


def is_minor(moved: int, rows: int) -> bool:
    """Return whether this share of moved rows makes the change a minor version.

    >>> is_minor(1, 100), is_minor(2, 100), is_minor(0, 0)
    (False, True, False)
    """
    return rows > 0 and moved / rows > MINOR_SHARE


async def _moved(work: UnitOfWork, source: Version, rule: DecisionRule | None) -> tuple[int, int]:
    """Return how many logged rows of the version there are, in all its groups, and how many decisions move."""
    total = moved = 0
    for place in await repository.served_in(work.session, work.tenant_id, source.id):
        logged = await _logged(work, place.table_name, source, rule, NUMBERED_BY)
        scored = ~np.isnan(logged.scores)
        total += int(scored.sum())
        after = decide_many(rule, logged.scores, logged.segments) if rule else np.full(len(logged.scores), None, dtype=object)
        moved += int(np.count_nonzero((after != logged.decisions) & scored))
    return total, moved


async def _logged(work: UnitOfWork, table: str, version: Version, rule: DecisionRule | None, most: int) -> LoggedScores:
    rows: Sequence[Row[Any]] = await repository.scored(work.session, table, version.id, rule.segment_by if rule else None, most)
    scores = np.array([row.score if row.score is not None else np.nan for row in rows], dtype=np.float64)
    decisions = np.array([row.decision for row in rows], dtype=object)
    return LoggedScores(scores, decisions, [row.segment for row in rows])


async def version_of(work: UnitOfWork, group: Group, wanted: str | None) -> Version:
    """Return the version of the group that is called so, in any of its phases; the champion where nothing is said. Raises VersionNotLogged."""
    phases = await groups.list_phases(work, GroupRef(slug=group.slug))
    members = [member for phase in phases for member in phase.members]
    found = next((one for one in members if (one.role == "champion" if wanted is None else wanted in (one.label, one.version))), None)
    if found is None:
        raise VersionNotLogged(f"No version {wanted!r} was ever in the group {group.slug}.")
    return await catalog.get_version(work, VersionRef(version_id=found.version_id))


def _counts(before: Names, after: Names, rule: DecisionRule) -> list[BandCount]:
    was, now = Counter(before.tolist()), Counter(after.tolist())
    names = dict.fromkeys([*names_of(rule), *sorted(name for name in was if name is not None)])
    return [BandCount(decision=name, before=was[name], after=now[name]) for name in names]


def _by_segment(logged: LoggedScores, after: Names, rule: DecisionRule) -> list[SegmentTrial]:
    if rule.segment_by is None:
        return []
    texts = np.array([text if (text := segment_text(value)) in rule.segment_bands else OTHER for value in logged.segments], dtype=object)
    scored = ~np.isnan(logged.scores)
    found = []
    for value in [*rule.segment_bands, OTHER]:
        mine = (texts == value) & scored
        found.append(SegmentTrial(value=value, rows=int(mine.sum()), counts=_counts(logged.decisions[mine], after[mine], rule)))
    return found


def _bins(scores: Floats) -> list[TrialBin]:
    if not len(scores):
        return []
    counts, edges = np.histogram(scores, bins=BINS)
    return [TrialBin(low=float(low), high=float(high), rows=int(n)) for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True)]
