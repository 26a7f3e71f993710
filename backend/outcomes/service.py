"""Records outcomes: late, early, repeated, corrected, or for an unknown inference."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.groups import service as groups
from backend.groups.events import GROUP_CHANGED
from backend.inference_log import outcome_lock
from backend.inference_log.writer import TELL_EVERY
from backend.outcomes import repository
from backend.outcomes.cases import Cases, Target
from backend.outcomes.errors import InvalidOutcome
from backend.outcomes.observers import tell_observers
from backend.outcomes.rules import LARGEST_ACTUAL, Effect, KnownTruth, Truth, says_whether, tell
from backend.work.unit import UnitOfWork
from schemas.common import Issue
from schemas.groups import GroupRef
from schemas.inference import Outcome, OutcomesReceipt, RecordOutcomes

MOST_OUTCOME_ISSUES = 100
LATEST_ANSWERS = 100
YES_OR_NO = "the answer was a probability, so its outcome must be 1 (or true) if it happened and 0 (or false) if not"


async def record(work: UnitOfWork, input: RecordOutcomes) -> OutcomesReceipt:
    """Record a batch in order.

    An outcome by correlation id goes to the first inference of each entity with that id: later ones repeat the same case.
    Raises GroupNotFound, InvalidOutcome, DiskFull.
    """
    work.hub.disk.require()
    _check(input.outcomes)
    group = await groups.get(work, GroupRef(slug=input.slug))
    await outcome_lock.before_outcomes(work, group.id)
    book = OutcomeBatch(work)
    await book.read(group.id, group.table_name, input.outcomes)
    _check_batches(book, input.outcomes)
    await _check_kind(work, group.table_name, book, input.outcomes)
    told = [(outcome, book.take(outcome)) for outcome in input.outcomes]
    if book.changed:
        changes = await repository.set_actuals(work.session, group.table_name, {one: book.known[one] for one in book.changed})
        await tell_observers(work, group.id, group.table_name, changes)
        work.live(GROUP_CHANGED, group.slug, every=TELL_EVERY)
    if new := [_entry(work, outcome, effect) for outcome, effect in told if effect != "duplicate"]:
        await repository.add_to_ledger(work.session, work.tenant_id, group.id, work.actor.name, work.now, new)
    counts = Counter(effect for _, effect in told)
    return OutcomesReceipt(
        received=len(told),
        applied=counts["applied"],
        duplicate=counts["duplicate"],
        corrected=counts["corrected"],
        waiting=counts["waiting"],
        repeats=sum(book.cases.repeats.values()),
    )


class OutcomeBatch:
    """The known outcomes of a batch's inferences."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._waiting: defaultdict[Target, KnownTruth] = defaultdict(KnownTruth)
        self._probable: set[Target] = set()
        self.cases = Cases()
        self.known: dict[UUID, KnownTruth] = {}
        self.changed: set[UUID] = set()

    async def read(self, group_id: UUID, table: str, outcomes: Sequence[Outcome]) -> None:
        """Read the rows and the waiting outcomes that the batch names."""
        targets = {_target(outcome) for outcome in outcomes}
        await self.cases.read(self._work, group_id, table, targets)
        for row in self.cases.rows.values():
            if row.probable and row.role != "shadow":
                self._probable |= {row.inference_id, row.correlation_id}
            self.known[row.inference_id] = KnownTruth(actual=row.actual, at=row.actual_at, history=row.actual_history)
        ids = [one for one in targets if isinstance(one, UUID)]
        correlations = [one for one in targets if isinstance(one, str)]
        for row in await repository.waiting(self._work.session, self._work.tenant_id, group_id, ids, correlations):
            truth = Truth(actual=row.actual, at=row.at, received_at=row.received_at, by=row.received_by)
            target = row.inference_id or row.correlation_id
            self._waiting[target], _ = tell(self._waiting[target], truth, dated=False)

    def answered_by_probability(self, target: Target) -> bool | None:
        """Return whether an inference answered a probability; None without an inference."""
        return target in self._probable if self.cases.of(target) else None

    def take(self, outcome: Outcome) -> Effect | str:
        """Record one outcome. Return its effect: `waiting` without an inference. Copies of shadows take it too."""
        truth = Truth(actual=float(outcome.actual), at=outcome.at or self._work.now, received_at=self._work.now, by=self._work.actor.name)
        target = _target(outcome)
        found = self.cases.of(target)
        for copy in self.cases.copies.get(target, []):
            self._tell(copy, truth, outcome.at is not None)
        if not found:
            self._waiting[target], effect = tell(self._waiting[target], truth, outcome.at is not None)
            return "duplicate" if effect == "duplicate" else "waiting"
        effects = [self._tell(inference_id, truth, outcome.at is not None) for inference_id in found]
        return next((effect for effect in ("applied", "corrected") if effect in effects), "duplicate")

    def _tell(self, inference_id: UUID, truth: Truth, dated: bool) -> Effect:
        self.known[inference_id], effect = tell(self.known[inference_id], truth, dated)
        if effect != "duplicate":
            self.changed.add(inference_id)
        return effect


def _target(outcome: Outcome) -> Target:
    target = outcome.inference_id or outcome.correlation_id
    assert target is not None, "checked before"
    return target


def _entry(work: UnitOfWork, outcome: Outcome, effect: str) -> tuple[Any, ...]:
    correlation = None if outcome.inference_id else outcome.correlation_id
    return outcome.inference_id, correlation, float(outcome.actual), outcome.at or work.now, effect != "waiting"


def _check(outcomes: Sequence[Outcome]) -> None:
    issues: list[Issue] = []
    for at, outcome in enumerate(outcomes):
        if not outcome.inference_id and not outcome.correlation_id:
            issues.append(Issue(pointer=f"/outcomes/{at}", message="name the inference by inference_id or correlation_id"))
        if outcome.correlation_id and "\x00" in outcome.correlation_id:
            issues.append(Issue(pointer=f"/outcomes/{at}/correlation_id", message="a NUL character cannot be stored"))
        if not math.isfinite(outcome.actual):
            issues.append(Issue(pointer=f"/outcomes/{at}/actual", message="a finite number is expected here"))
        elif abs(outcome.actual) > LARGEST_ACTUAL:
            issues.append(
                Issue(pointer=f"/outcomes/{at}/actual", message=f"errors are squared and summed: at most {LARGEST_ACTUAL:.0e} is accepted; use a larger unit")
            )
        if outcome.at is not None and outcome.at.tzinfo is None:
            issues.append(Issue(pointer=f"/outcomes/{at}/at", message="the time needs a zone, as in 2026-11-21T09:30:00Z"))
    if issues:
        raise InvalidOutcome(issues=issues[:MOST_OUTCOME_ISSUES])


def _check_batches(book: OutcomeBatch, outcomes: Sequence[Outcome]) -> None:
    """Refuse one outcome for several rows of a batch. Raises InvalidOutcome."""
    if issues := book.cases.batch_issues([_target(outcome) for outcome in outcomes], "outcomes", "an outcome"):
        raise InvalidOutcome(issues=issues[:MOST_OUTCOME_ISSUES])


async def _check_kind(work: UnitOfWork, table: str, book: OutcomeBatch, outcomes: Sequence[Outcome]) -> None:
    """Check that an outcome of a probability is 0 or 1. Without an inference, the group's latest answers decide."""
    numbers = [(at, book.answered_by_probability(_target(outcome))) for at, outcome in enumerate(outcomes) if not says_whether(outcome.actual)]
    early = any(answered is None for _, answered in numbers) and await repository.answers_probabilities(work.session, table, LATEST_ANSWERS)
    if wrong := [at for at, answered in numbers if (early if answered is None else answered)]:
        raise InvalidOutcome(issues=[Issue(pointer=f"/outcomes/{at}/actual", message=YES_OR_NO) for at in wrong[:MOST_OUTCOME_ISSUES]])
