"""A prediction: routed, checked, scored, on record, and only then answered."""

import asyncio
import logging
import math
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from backend.access.actor import Actor
from backend.errors import HubError, Invalid
from backend.groups.errors import GroupNotFound
from backend.ids import new_id
from backend.inference.errors import InvalidBatch, InvalidFeatures, MissingFeatures, ModelNotLoaded, PredictionFailed, UnknownFeatures
from backend.inference.features import check_others, encode, escaped
from backend.inference.log.intake import Intake
from backend.inference.log.record import Record, Status
from backend.inference.refusals import Refusals
from backend.inference.routing.table import RoutedGroup, RoutedMember
from backend.inference.routing.watch import Routing
from backend.inference.versions import ServedVersion, explanations
from schemas.common import Issue
from schemas.inference import Explanation, Inputs, Output, PredictBody, Prediction

if TYPE_CHECKING:
    from backend.bootstrap import Hub

log = logging.getLogger("tiltyard.inference")
MOST_INPUTS = 1000
INLINE_ROWS = 16
"""More rows than this are scored in a thread; a few take less time than handing them over."""


@dataclass(slots=True, eq=False)
class Case:
    """One of a request's inputs on its way to an answer."""

    id: UUID
    inputs: Inputs
    bucket: int
    member: RoutedMember
    row: list[float]
    score: float = math.nan
    margin: float | None = None
    explanation: Explanation | None = None
    status: Status = "ok"
    error: str | None = None

    @property
    def version(self) -> ServedVersion:
        """The version that answers."""
        assert self.member.served is not None, "only loaded versions are chosen"
        return self.member.served


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, by whom, when."""

    group: RoutedGroup
    actor: Actor
    body: PredictBody
    at: datetime
    started: int = field(default_factory=time.perf_counter_ns)

    @property
    def latency_us(self) -> int:
        """Microseconds since the request came."""
        return (time.perf_counter_ns() - self.started) // 1000


class Predictor:
    """Answers predictions in this process, from memory, on record."""

    def __init__(self, hub: "Hub", routing: Routing, intake: Intake) -> None:
        self._hub = hub
        self._routing = routing
        self._intake = intake
        self._refusals = Refusals(hub)

    async def predict(self, actor: Actor, slug: str, body: PredictBody) -> Prediction | list[Prediction]:
        """The answer, or a batch's answers in the order asked. Raises GroupNotFound, what is wrong with the inputs, LogUnavailable."""
        group = await self._find(actor, slug)
        request = Request(group, actor, body, self._hub.clock.now())
        try:
            cases = prepare(group, body)
        except Invalid as error:
            self._refusals.note(group.facts.group_id, actor.name, error)
            raise
        await self._score(request, cases)
        if body.explain:
            await asyncio.to_thread(_explain, cases)
        latency = request.latency_us
        await self._intake.append(group.facts.group_id, [_record(request, case, latency) for case in cases])
        answers = [_answer(request, case, latency) for case in cases]
        return answers if isinstance(body.inputs, list) else answers[0]

    async def close(self) -> None:
        """Wait for what is under way."""
        await self._intake.close()
        await self._refusals.close()

    async def _find(self, actor: Actor, slug: str) -> RoutedGroup:
        if not self._routing.watching:
            await self._routing.refresh()
        group = self._routing.table.find(actor.tenant_id, slug)
        if group is None:
            raise GroupNotFound(f"There is no group {slug[:80]!r} in this tenant.")
        return group

    async def _score(self, request: Request, cases: Sequence[Case]) -> None:
        """Score every case; one whose challenger fails is answered by the champion. Raises PredictionFailed when the champion fails."""
        failed = await _run(cases)
        again = [case for case in failed if fall_back(request.group, case)]
        lost = [case for case in failed if case not in again] + await _run(again)
        if not lost:
            return
        for case in lost:
            case.status, case.score, case.margin = "failed", math.nan, None
        await self._intake.append(request.group.facts.group_id, [_record(request, case, request.latency_us) for case in lost])
        raise PredictionFailed(inference_ids=[str(case.id) for case in lost])


def prepare(group: RoutedGroup, body: PredictBody) -> list[Case]:
    """Route and read every input. Raises everything that is wrong, each with its pointer."""
    check_texts(body)
    batch = body.inputs if isinstance(body.inputs, list) else [body.inputs]
    if not 1 <= len(batch) <= MOST_INPUTS:
        raise InvalidBatch(issues=[Issue(pointer="/inputs", message=f"{len(batch)} inputs are here")])
    problems = Problems()
    cases = []
    for at, inputs in enumerate(batch):
        pointer = f"/inputs/{at}" if isinstance(body.inputs, list) else "/inputs"
        cases.append(_case(group, inputs, body.entity_key, pointer, problems))
    problems.raise_any()
    return cases


@dataclass
class Problems:
    """What is wrong with a request's inputs."""

    unknown: list[Issue] = field(default_factory=list)
    unfit: list[Issue] = field(default_factory=list)
    missing: list[Issue] = field(default_factory=list)

    def raise_any(self) -> None:
        """Raise what comes first, with all issues."""
        issues = (self.unknown + self.unfit + self.missing)[:200]
        for found, kind in ((self.unknown, UnknownFeatures), (self.unfit, InvalidFeatures), (self.missing, MissingFeatures)):
            if found:
                raise kind(issues=issues)


def _case(group: RoutedGroup, inputs: Inputs, entity_key: str | None, pointer: str, problems: Problems) -> Case:
    """Choose the version by the bucket; one that lacks required features, or is not loaded, is not chosen: the champion is."""
    identifier = new_id()
    bucket = group.bucket(entity_key if entity_key is not None else str(identifier))
    member, status, error = _choose(group, bucket)
    version = _served(member)
    encoded = encode(version.specs, inputs, pointer)
    if encoded.missing and member is not group.champion and group.champion.served:
        member, version = group.champion, group.champion.served
        encoded = encode(version.specs, inputs, pointer)
    problems.unfit += encoded.unfit
    problems.missing += [Issue(pointer=f"{pointer}/{escaped(name)}", message=f"{name} is missing") for name in encoded.missing]
    if not version.names >= inputs.keys():
        unknown, unfit = check_others(group.known, version.names, inputs, pointer)
        problems.unknown += unknown
        problems.unfit += unfit
    return Case(identifier, inputs, bucket, member, encoded.row, status=status, error=error)


def _choose(group: RoutedGroup, bucket: int) -> tuple[RoutedMember, Status, str | None]:
    member = group.member_of(bucket)
    if member.served is None and member is not group.champion:
        return group.champion, "fallback", f"the {member.role} {member.version_id} is not loaded"
    return member, "ok", None


def _served(member: RoutedMember) -> ServedVersion:
    if member.served is None:
        raise ModelNotLoaded
    return member.served


def check_texts(body: PredictBody) -> None:
    """PostgreSQL keeps no NUL in a text; found out after the answer it would be too late. Raises Invalid."""
    texts = {"/entity_key": body.entity_key, "/correlation_id": body.correlation_id}
    texts |= {f"/segments/{escaped(name)}": name + value for name, value in body.segments.items()}
    if body.context:
        texts |= {f"/context/{name}": value for name, value in msgspec.structs.asdict(body.context).items()}
    if issues := [Issue(pointer=at[:300], message="a NUL character cannot be kept") for at, said in texts.items() if said and "\x00" in said]:
        raise Invalid("A text holds a NUL character, which cannot be put on record.", issues=issues)


def fall_back(group: RoutedGroup, case: Case) -> bool:
    """Hand a case whose challenger failed to the champion; False when the champion cannot take it."""
    champion = group.champion
    if case.member is champion or champion.served is None:
        return False
    encoded = encode(champion.served.specs, case.inputs, "")
    if encoded.unfit or encoded.missing:
        return False
    case.error = f"{case.version.label} failed: {case.error}"[:500]
    case.member, case.row, case.status = champion, encoded.row, "fallback"
    return True


async def _run(cases: Sequence[Case]) -> list[Case]:
    """Score cases by version; gives those that failed, with why."""
    by_version: defaultdict[UUID, list[Case]] = defaultdict(list)
    for case in cases:
        by_version[case.version.id].append(case)
    failed: list[Case] = []
    for mine in by_version.values():
        failed += _score_version(mine) if len(mine) <= INLINE_ROWS else await asyncio.to_thread(_score_version, mine)
    return failed


def _score_version(cases: Sequence[Case]) -> list[Case]:
    version = cases[0].version
    try:
        scores = version.runtime.predict(version.matrix([case.row for case in cases]))
    except Exception as error:
        log.exception("%s does not answer", version.label)
        for case in cases:
            case.error = error.message if isinstance(error, HubError) else type(error).__name__
        return list(cases)
    margins = scores.margin.tolist() if scores.margin is not None else [None] * len(cases)
    for case, score, margin in zip(cases, scores.score.tolist(), margins, strict=True):
        case.score, case.margin = score, margin
        if not math.isfinite(score):
            case.error = "the score is not a finite number"
    return [case for case in cases if not math.isfinite(case.score)]


def _explain(cases: Sequence[Case]) -> None:
    by_version: defaultdict[UUID, list[Case]] = defaultdict(list)
    for case in cases:
        by_version[case.version.id].append(case)
    for mine in by_version.values():
        version = mine[0].version
        try:
            batch = version.explain(version.matrix([case.row for case in mine]))
        except Exception:
            log.exception("%s does not explain in line; the drain tries again", version.label)
            continue
        for case, explanation in zip(mine, explanations(version, batch), strict=True):
            case.explanation = explanation


def _output(case: Case) -> Output | None:
    if case.status == "failed":
        return None
    probability = case.score if case.version.labels else None
    return Output(score=case.score, margin=case.margin, probability=probability)


def _label(request: Request, case: Case) -> str | None:
    labels = case.version.labels
    return labels[case.score >= request.group.facts.threshold] if labels and case.status != "failed" else None


def _record(request: Request, case: Case, latency_us: int) -> Record:
    body = request.body
    output = _output(case)
    return Record(
        inference_id=case.id,
        requested_at=request.at,
        version_id=case.version.id,
        version=case.version.label,
        role=case.member.role,
        phase=request.group.facts.phase,
        bucket=case.bucket,
        propensity=request.group.member_of(case.bucket).propensity,
        entity_key=body.entity_key,
        correlation_id=body.correlation_id,
        caller=request.actor.name,
        inputs=case.inputs,
        context=msgspec.structs.asdict(body.context) if body.context else None,
        segments=body.segments,
        output=msgspec.structs.asdict(output) if output else None,
        score=case.score if output else None,
        label=_label(request, case),
        explanation=case.explanation,
        explained_at=request.at if case.explanation else None,
        latency_us=latency_us,
        status=case.status,
        error=case.error,
    )


def _answer(request: Request, case: Case, latency_us: int) -> Prediction:
    output = _output(case)
    assert output is not None, "a failed case is not answered"
    return Prediction(
        inference_id=case.id,
        version=case.version.label,
        role=case.member.role,
        phase=request.group.facts.phase,
        score=case.score,
        label=_label(request, case),
        output=output,
        explanation=case.explanation,
        stale=False,
        latency_us=latency_us,
    )
