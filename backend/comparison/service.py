"""The contenders side by side within one phase, and the stored evidence of each view."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from redis.exceptions import RedisError

from backend.comparison.cells import CLOCKS_APART, Cell, counted_anew, tallied
from backend.comparison.decided import Decisions, figures_of
from backend.comparison.decision_rows import By, decisions_from_rows, needs_rows
from backend.comparison.errors import EvidenceAway
from backend.comparison.explored import explored_figures
from backend.comparison.figures import contender, ratio
from backend.comparison.selection import as_shape, declared_of, selection_of
from backend.comparison.standings import PhaseCells, standings_of
from backend.comparison.verdict import VALUE, Judgement, held, judge
from backend.comparison.wording import conclude
from backend.decisions import service as decisions
from backend.decisions.service import DecisionFacts
from backend.errors import NotFound
from backend.groups import service as groups
from backend.ids import first_id_at, new_id
from backend.numerics.statistics.sequential import MINIMUM
from backend.outside import Outside
from backend.tallies import service as tallies
from backend.work.unit import UnitOfWork
from schemas.comparison import Maturity, RowRange
from schemas.group_settings import GroupSettings
from schemas.groups import Group, GroupRef, Phase
from schemas.promotion import Comparison

log = logging.getLogger("tiltyard.comparison")
EVIDENCE_SECONDS = 300
FRESH_SECONDS = 1.0
MOST_KEPT = 200

ROWS_REST = 10.0
"""A comparison that reads the log's rows stays current for this many times as long as it took."""


class Shown(NamedTuple):
    """A comparison, when its reading began (`time.monotonic`), for how long it is current, and the group's settings and phase then."""

    begun: float
    fresh_seconds: float
    comparison: Comparison
    said: tuple[GroupSettings, DecisionFacts, int]


_shown: dict[tuple[UUID, int, bool, bool], Shown] = {}
"""This process's last comparisons, by group, phase and parameters."""


class PhaseNotFound(NotFound):
    """This group has no such phase. `groups.phases` lists the phases."""


async def compare(work: UnitOfWork, slug: str, phase: int | None = None, since: float = 0.0, exact: bool = False, pooled: bool = False) -> Comparison:
    """Return the comparison of a phase (absent: the current one), at most a second old, or begun after `since` (`time.monotonic`).

    `exact` reads every row of the log, as does a group whose log is not tallied yet; `pooled` draws on earlier phases too. It is stored for five minutes as
    evidence for a promotion. Raises GroupNotFound, PhaseNotFound.
    """
    group = await groups.get(work, GroupRef(slug=slug))
    phases = await _phases(work, group, phase or group.phase.number, pooled)
    key = (group.id, phases[0].number, exact, pooled)
    kept = _shown.get(key)
    begun = time.monotonic()
    facts = await decisions.facts_of(work, group.id)
    said = (group.settings, facts, group.phase.number)
    if kept and kept.begun > (since or begun - kept.fresh_seconds) and kept.said == said:
        return kept.comparison
    exact = exact or await tallies.rebuild_wanted(work, group.id)
    cells = await (counted_anew(work, group.id, group.table_name, phases) if exact else tallied(work, group.id, phases))
    field = await asyncio.to_thread(PhaseCells, group, phases, cells, work.now.timestamp())
    from_rows = await _decisions_from_rows(work, group, field, facts) if needs_rows(facts) else None
    comparison = await asyncio.to_thread(_compare, work, group, field, cells, exact, facts, from_rows)
    explored = await explored_figures(work, group, phases[0], field.cut, field.scale)
    if explored:
        contenders = [msgspec.structs.replace(one, explored=explored.get(one.version_id)) for one in comparison.contenders]
        comparison = msgspec.structs.replace(comparison, contenders=contenders)
    await _keep(work.hub, group.id, comparison)
    if len(_shown) >= MOST_KEPT:
        _shown.clear()
    fresh_seconds = FRESH_SECONDS if from_rows is None and not explored else max(FRESH_SECONDS, ROWS_REST * (time.monotonic() - begun))
    _shown[key] = Shown(begun, fresh_seconds, comparison, said)
    return comparison


async def _decisions_from_rows(work: UnitOfWork, group: Group, field: PhaseCells, facts: DecisionFacts) -> dict[By, Decisions]:
    phases = field.drawn_on if field.phases[0] in field.drawn_on else [field.phases[0], *field.drawn_on]
    first = first_id_at(min(phase.opened_at for phase in phases) - CLOCKS_APART)
    return await decisions_from_rows(work, group, [phase.number for phase in phases], first, field.cut.at, facts)


async def take_evidence(work: UnitOfWork, group_id: UUID, evidence_id: UUID) -> Comparison | None:
    """Return the comparison shown under this id; None when it is unknown or older than five minutes. Raises EvidenceAway."""
    try:
        kept = await work.hub.redis.get(_key(group_id, evidence_id))
    except (RedisError, OSError):
        raise EvidenceAway from None
    return msgspec.msgpack.decode(kept, type=Comparison) if kept else None


async def _phases(work: UnitOfWork, group: Group, wanted: int, pooled: bool) -> list[Phase]:
    """Return the compared phase, and with `pooled` the earlier ones, newest first."""
    if not pooled and wanted == group.phase.number:
        return [group.phase]
    phases = await groups.list_phases(work, GroupRef(slug=group.slug))
    if all(phase.number != wanted for phase in phases):
        raise PhaseNotFound(f"The group {group.slug!r} has no phase {wanted}; its phases are 1 to {phases[0].number}.")
    return [phase for phase in phases if phase.number == wanted or (pooled and phase.number < wanted)]


def _compare(
    work: UnitOfWork, group: Group, field: PhaseCells, cells: Sequence[Cell], exact: bool, facts: DecisionFacts, from_rows: Mapping[By, Decisions] | None
) -> Comparison:
    now, phase = work.now.timestamp(), field.phases[0]
    standings = standings_of(field, phase)
    champion, challengers = field.sides(standings)
    judged = judge(champion, challengers, field.metric, field.pairs(), [one.number for one in field.drawn_on])
    mature = field.mature()
    selection = selection_of(mature, declared_of(group.settings.reveals, mature))
    on_value = facts.settings.verdict_on == "value"
    valued = field.value_sides(standings, facts, from_rows) if selection.selective or on_value else ""
    if not isinstance(valued, str):
        champion, challengers = valued
        judged = judge(champion, challengers, VALUE, (), [one.number for one in field.drawn_on])
    elif on_value:
        judged = Judgement(f"No leader can be named on value per application. {valued}", None, [], VALUE, early=True)
    elif selection.selective:
        judged = held(judged, selection.words)
    decided = [figures_of(field.decisions(one, phase, facts, from_rows), facts, one.shadow and selection.selective) for one in standings]
    total = sum(one.answered for one in standings if not one.shadow)
    sample_ratio = ratio(standings)
    unfair = None if sample_ratio is None or sample_ratio.ok else f"No leader can be named: the traffic split is not as configured. {sample_ratio.words}"
    cut = field.cut
    said = conclude(judged, champion, challengers, standings, sample_ratio, cut, now, selection)
    return Comparison(
        slug=group.slug,
        phase=phase.number,
        at=work.now,
        evidence_id=new_id(),
        decision_metric=judged.metric,
        threshold=phase.threshold,
        contenders=[
            contender(one, total, field.rule(phase), field.scale, cut, selection.selective, mine) for one, mine in zip(standings, decided, strict=True)
        ],
        sample_ratio=sample_ratio,
        rows=_span([cell for cell in cells if cell.key.phase == phase.number]),
        verdict=unfair or judged.text,
        leader=judged.leader.version_id if judged.leader and not unfair else None,
        regression=field.scale == "number",
        scale=field.scale,
        exact=exact,
        maturity=Maturity(policy=cut.policy, hours=group.settings.maturity_hours, until=_moment(cut.at)),
        differences=list(judged.differences),
        conclusion=said if phase.number == group.phase.number else msgspec.structs.replace(said, advice=""),  # what to do now is said of now alone
        minimum=MINIMUM,
        selection=as_shape(selection, mature),
        currency=next((one.currency for one in decided if one.currency), None),
        decided_by=facts.settings.compare_by,
    )


def _span(cells: Sequence[Cell]) -> RowRange | None:
    firsts, lasts = [cell.first for cell in cells if cell.first], [cell.last for cell in cells if cell.last]
    return RowRange(first=min(firsts), last=max(lasts)) if firsts and lasts else None


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


async def _keep(hub: Outside, group_id: UUID, comparison: Comparison) -> None:
    try:
        await hub.redis.set(_key(group_id, comparison.evidence_id), msgspec.msgpack.encode(comparison), ex=EVIDENCE_SECONDS)
    except (RedisError, OSError):
        log.warning("the evidence %s could not be kept: Redis is not answering", comparison.evidence_id)


def _key(group_id: UUID, evidence_id: UUID) -> str:
    return f"tiltyard:{group_id}:evidence:{evidence_id}"
