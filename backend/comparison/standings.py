"""The standing of each contender from its cells: randomly assigned, old enough, in one phase or several."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from backend.comparison.cells import Cell, scale_of, tallied, together
from backend.comparison.decided import Decisions, from_counts, losses, why_no_value
from backend.comparison.figures import Standing, spread_of
from backend.comparison.maturity import Cohort, Cut, cut
from backend.comparison.selection import Mature, declared_of, selection_of
from backend.comparison.verdict import OF_RANK, Rule, Side, losses_of, metric_for, pair_losses, row_metric_for
from backend.decisions.service import DecisionFacts
from backend.numerics.statistics.decided import Decided
from backend.numerics.statistics.sequential import Moments
from backend.numerics.statistics.sketch import Sketch
from backend.work.unit import UnitOfWork
from schemas.comparison import Scale
from schemas.groups import Group, Member, MemberRole, Phase

By = tuple[int, UUID]


class PhaseCells:
    """The cells of a comparison, by phase and version. The first phase is shown; further ones are only strata of the verdict."""

    def __init__(self, group: Group, phases: Sequence[Phase], cells: Sequence[Cell], now: float) -> None:
        self.phases = phases
        self._metric = group.decision_metric
        self._group = group
        self.lot: defaultdict[By, list[Cell]] = defaultdict(list)
        self.others: defaultdict[By, list[Cell]] = defaultdict(list)
        self.replaced: defaultdict[By, int] = defaultdict(int)
        self._pairs: defaultdict[By, list[Cell]] = defaultdict(list)
        for cell in cells:
            self._sort(cell)
        answering = {member.version_id for member in phases[0].members if member.role is not MemberRole.SHADOW}
        self.cut: Cut = cut({one: self.cohorts((phases[0].number, one)) for one in answering}, now, group.settings.maturity_hours)

    def _sort(self, cell: Cell) -> None:
        by = (cell.key.phase, cell.key.version_id)
        if cell.key.arm == "pair":
            self._pairs[by].append(cell)
        elif cell.key.arm in ("random", "shadow"):
            self.lot[by].append(cell)
        else:
            self.others[by].append(cell)
            if cell.key.arm == "fallback" and cell.key.other_id:
                self.replaced[cell.key.phase, cell.key.other_id] += cell.rows

    def cohorts(self, by: By) -> list[Cohort]:
        """Return a version's randomly assigned requests by time span, oldest first."""
        counts: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
        for cell in self.lot[by]:
            count = counts[cell.key.slot, cell.key.seconds]
            count[0] += cell.rows
            count[1] += cell.labelled
        return [Cohort(*span, *count) for span, count in sorted(counts.items()) if count[0]]

    def compared(self, by: By) -> list[Cell]:
        """Return the cells of a version that are old enough."""
        return [cell for cell in self.lot[by] if self.cut.takes(cell.key.slot, cell.key.seconds)]

    def settled(self, by: By) -> list[Cell]:
        """Return the cells of a version with due outcomes: by the stated age, or else the older half of the compared ones."""
        if self.cut.policy == "window":
            return self.compared(by)
        return [cell for cell in self.compared(by) if cell.key.slot + cell.key.seconds <= self._half]

    @cached_property
    def _half(self) -> float:
        """Return the end of the span that contains the median compared request."""
        number = self.phases[0].number
        cells = sorted((cell for by in self.lot if by[0] == number for cell in self.compared(by)), key=lambda cell: cell.key.slot + cell.key.seconds)
        seen, all_rows = 0, sum(cell.rows for cell in cells)
        for cell in cells:
            seen += cell.rows
            if 2 * seen >= all_rows:
                return float(cell.key.slot + cell.key.seconds)
        return 0.0

    def mature(self) -> list[Mature]:
        """Return the answering members of the shown phase, with the due cells of each."""
        number = self.phases[0].number
        answering = [member for member in self.phases[0].members if member.role is not MemberRole.SHADOW]
        return [Mature(member, together(self.settled((number, member.version_id)))) for member in answering]

    @cached_property
    def scale(self) -> Scale:
        """Return the scale of scores."""
        return scale_of([cell for cells in self.lot.values() for cell in cells])

    @property
    def metric(self) -> str:
        """Return the decision metric."""
        return metric_for(self._metric, self.scale)

    @property
    def drawn_on(self) -> list[Phase]:
        """Return the phases in which the shown champion took part beside another version: the others show nothing about it."""
        champion = next(member.version_id for member in self.phases[0].members if member.role is MemberRole.CHAMPION)
        return [phase for phase in self.phases if champion in {one.version_id for one in phase.members if one.role is not MemberRole.SHADOW}]

    def sides(self, standings: Sequence[Standing]) -> tuple[Side, list[Side]]:
        """Return the champion and the challengers, each with its losses in every phase in use."""
        sides = [Side(one.member, [self._losses(one, phase) for phase in self.drawn_on]) for one in standings if not one.shadow]
        champion = next(side for side in sides if side.member.role is MemberRole.CHAMPION)
        return champion, [side for side in sides if side is not champion]

    def value_sides(self, standings: Sequence[Standing], facts: DecisionFacts, from_rows: Mapping[By, Decisions] | None) -> tuple[Side, list[Side]] | str:
        """Return the same with value per application for losses, or why it cannot decide. `from_rows` are decisions that were read from the log's rows."""
        answering = [one for one in standings if not one.shadow]
        found = {(phase.number, one.member.version_id): self.decisions(one, phase, facts, from_rows) for one in answering for phase in self.drawn_on}
        if why := why_no_value(facts, self._group.settings.reveals, found.values()):
            return why
        sides = [Side(one.member, [losses(found[phase.number, one.member.version_id]) for phase in self.drawn_on]) for one in answering]
        champion = next(side for side in sides if side.member.role is MemberRole.CHAMPION)
        return champion, [side for side in sides if side is not champion]

    def decisions(self, standing: Standing, phase: Phase, facts: DecisionFacts, from_rows: Mapping[By, Decisions] | None) -> Decisions:
        """Return the decisions of a member's mature applications in a phase: from the log's rows where they were read, else from tallies."""
        if from_rows is not None:
            return from_rows.get((phase.number, standing.member.version_id), Decisions(Decided()))
        counted = standing.compared if phase is self.phases[0] else together(self.compared((phase.number, standing.member.version_id)))
        return from_counts(counted.sketch.decided, facts)

    def _losses(self, standing: Standing, phase: Phase) -> Moments:
        counted = standing.compared if phase is self.phases[0] else together(self.compared((phase.number, standing.member.version_id)))
        spread = spread_of([(standing.member, counted.sketch.clusters)]) if self.metric == OF_RANK else 1.0
        return losses_of(counted, self.metric, self.rule(phase), spread)

    def rule(self, phase: Phase) -> Rule:
        """Return which scores meant yes in a phase."""
        return rule_of(self._group, phase)

    def pairs(self) -> list[tuple[Member, Moments]]:
        """Return the shadows, each with its differences to the answers it copies, in every phase in use."""
        shadows = [member for member in self.phases[0].members if member.role is MemberRole.SHADOW]
        return [(member, self._paired(member)) for member in shadows]

    def _paired(self, member: Member) -> Moments:
        cells = [cell for phase in self.phases for cell in self._pairs[phase.number, member.version_id] if self.cut.takes(cell.key.slot, cell.key.seconds)]
        return pair_losses(Sketch.merged(cell.part for cell in cells if isinstance(cell.part, Sketch)), self.metric)


def rule_of(group: Group, phase: Phase) -> Rule:
    """Return which scores mean yes in a phase of a group."""
    return Rule(phase.threshold, group.settings.positive_scores == "lower")


@dataclass(frozen=True)
class RowMetric:
    """The metric of single rows in a phase: the comparison's, or wrong labels when that is a metric of rank.

    `held`: the reason why losses of the versions are not compared; empty when they are.
    """

    name: str
    held: str


async def metric_in(work: UnitOfWork, group: Group, phase: Phase) -> RowMetric:
    """Return the metric of single rows in a phase, and whether outcomes are selective there."""
    field = PhaseCells(group, [phase], await tallied(work, group.id, [phase]), work.now.timestamp())
    mature = field.mature()
    selection = selection_of(mature, declared_of(group.settings.reveals, mature))
    return RowMetric(row_metric_for(field.metric), selection.words if selection.selective else "")


def standings_of(field: PhaseCells, phase: Phase) -> list[Standing]:
    """Return the standing of each member of the phase."""
    return [_standing(field, phase, member) for member in phase.members]


def _standing(field: PhaseCells, phase: Phase, member: Member) -> Standing:
    by = (phase.number, member.version_id)
    mine, old, others = field.lot[by], field.compared(by), field.others[by]
    lot = together(mine)
    return Standing(
        member=member,
        lot=lot,
        compared=lot if len(old) == len(mine) else together(old),
        answered=sum(cell.rows for cell in (*mine, *others)),
        labelled=sum(cell.labelled for cell in (*mine, *others)),
        failed=sum(cell.failed for cell in mine),
        replaced=field.replaced[by],
        cohorts=field.cohorts(by),
    )
