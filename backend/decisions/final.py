"""Final decisions: late, early, repeated, revised, or for an inference nobody knows yet."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.decisions import queries, service
from backend.decisions.errors import InvalidDecision
from backend.decisions.rules import Effect, ToldDecision, known_of, overrides, tell
from backend.groups import service as groups
from backend.groups.events import GROUP_CHANGED
from backend.inference_log import outcome_lock
from backend.inference_log.writer import TELL_EVERY
from backend.outcomes.cases import Cases, Target
from backend.work.unit import UnitOfWork
from schemas.common import Issue
from schemas.decisions import DecisionsReceipt, FinalDecision, RecordDecisions
from schemas.groups import GroupRef

MOST_DECISION_ISSUES = 100


async def record(work: UnitOfWork, input: RecordDecisions) -> DecisionsReceipt:
    """Take in a batch, in its order. A decision by correlation id goes to the first inference that each entity was asked with it, as an outcome does.

    Raises GroupNotFound, InvalidDecision, DiskFull.
    """
    work.hub.disk.require()
    _check(input.decisions)
    group = await groups.get(work, GroupRef(slug=input.slug))
    _check_names(input.decisions, await service.names_known(work, group))
    await outcome_lock.before_outcomes(work, group.id)
    book = DecisionBatch(work)
    await book.read(group.id, group.table_name, input.decisions)
    if issues := book.cases.batch_issues([_target(one) for one in input.decisions], "decisions", "a decision"):
        raise InvalidDecision(issues=issues[:MOST_DECISION_ISSUES])
    told = [(one, book.take(one)) for one in input.decisions]
    if book.changed:
        await queries.set_final(work.session, group.table_name, {one: book.known[one] for one in book.changed})
        work.live(GROUP_CHANGED, group.slug, every=TELL_EVERY)
    if new := [_entry(work, one, effect) for one, effect in told if effect != "duplicate"]:
        await queries.add(work.session, work.tenant_id, group.id, work.actor.name, work.now, new)
    counts = Counter(effect for _, effect in told)
    return DecisionsReceipt(
        received=len(told),
        applied=counts["applied"],
        duplicate=counts["duplicate"],
        revised=counts["revised"],
        waiting=counts["waiting"],
        repeats=sum(book.cases.repeats.values()),
        overrides=book.overrides(),
    )


class DecisionBatch:
    """What is known of the final decisions about a batch's inferences."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._waiting: defaultdict[Target, Sequence[ToldDecision]] = defaultdict(list)
        self.cases = Cases()
        self.known: dict[UUID, Sequence[ToldDecision]] = {}
        self.changed: set[UUID] = set()

    async def read(self, group_id: UUID, table: str, decisions: Sequence[FinalDecision]) -> None:
        """Read the rows and the waiting decisions that the batch speaks of."""
        targets = {_target(one) for one in decisions}
        await self.cases.read(self._work, group_id, table, targets)
        self.known = {row.inference_id: known_of(row.final_decision, row.final_details) for row in self.cases.rows.values()}
        ids = [one for one in targets if isinstance(one, UUID)]
        correlations = [one for one in targets if isinstance(one, str)]
        for row in await queries.waiting(self._work.session, self._work.tenant_id, group_id, ids, correlations):
            target = row.inference_id or row.correlation_id
            self._waiting[target], _ = tell(self._waiting[target], told_of(row), dated=True)

    def take(self, decision: FinalDecision) -> Effect | str:
        """Take in one decision; what it did to its inferences, `waiting` when none is there yet. Their shadows' copies take it too."""
        told, dated, target = _told(self._work, decision), decision.at is not None, _target(decision)
        for copy in self.cases.copies.get(target, []):
            self._tell(copy, told, dated)
        if not (found := self.cases.of(target)):
            self._waiting[target], effect = tell(self._waiting[target], told, dated)
            return "duplicate" if effect == "duplicate" else "waiting"
        effects = [self._tell(inference_id, told, dated) for inference_id in found]
        return next((effect for effect in ("applied", "revised") if effect in effects), "duplicate")

    def overrides(self) -> int:
        """Return how many answers of the batch now have a final decision that differs from the recommended one, and had not before."""
        rows = [self.cases.rows[one] for one in self.changed if self.cases.rows[one].role != "shadow"]
        return sum(
            overrides(row.decision, self.known[row.inference_id]) and not overrides(row.decision, known_of(row.final_decision, row.final_details))
            for row in rows
        )

    def _tell(self, inference_id: UUID, told: ToldDecision, dated: bool) -> Effect:
        self.known[inference_id], effect = tell(self.known[inference_id], told, dated)
        if effect != "duplicate":
            self.changed.add(inference_id)
        return effect


def told_of(row: Any) -> ToldDecision:
    """Return an entry of the ledger."""
    return ToldDecision(decision=row.decision, by=row.by, kind=row.kind, group=row.person_group, reason=row.reason, at=row.at)


def _told(work: UnitOfWork, one: FinalDecision) -> ToldDecision:
    return ToldDecision(decision=one.decision, by=one.by, kind=one.kind, group=one.group, reason=one.reason, at=one.at or work.now)


def _target(one: FinalDecision) -> Target:
    target = one.inference_id or one.correlation_id
    assert target is not None, "checked before"
    return target


def _entry(work: UnitOfWork, one: FinalDecision, effect: str) -> dict[str, Any]:
    correlation = None if one.inference_id else one.correlation_id
    said = {"decision": one.decision, "by": one.by, "kind": one.kind, "person_group": one.group, "reason": one.reason, "at": one.at or work.now}
    return {**said, "inference_id": one.inference_id, "correlation_id": correlation, "applied": effect != "waiting"}


def _check(decisions: Sequence[FinalDecision]) -> None:
    issues: list[Issue] = []
    for at, one in enumerate(decisions):
        if not one.inference_id and not one.correlation_id:
            issues.append(Issue(pointer=f"/decisions/{at}", message="name the inference by inference_id or correlation_id"))
        if not one.by.strip():
            issues.append(Issue(pointer=f"/decisions/{at}/by", message="say who decided: a person's name, or a policy's"))
        nul = [field for field in ("by", "group", "reason", "correlation_id") if "\x00" in (getattr(one, field) or "")]
        issues += [Issue(pointer=f"/decisions/{at}/{field}", message="a NUL character cannot be kept") for field in nul]
        if one.at is not None and one.at.tzinfo is None:
            issues.append(Issue(pointer=f"/decisions/{at}/at", message="the moment needs its zone, as in 2026-11-21T09:30:00Z"))
    if issues:
        raise InvalidDecision(issues=issues[:MOST_DECISION_ISSUES])


def _check_names(decisions: Sequence[FinalDecision], known: Sequence[str]) -> None:
    """Refuse unknown decisions, as a misspelt one would count as an override for ever. Raises InvalidDecision."""
    if issues := [
        Issue(pointer=f"/decisions/{at}/decision", message=f"no rule of the group gives {one.decision!r}; known are {', '.join(known)}")
        for at, one in enumerate(decisions)
        if one.decision not in known
    ]:
        raise InvalidDecision(issues=issues[:MOST_DECISION_ISSUES])
