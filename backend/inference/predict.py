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
from backend.inference.cases import Case, fall_back, prepare
from backend.inference.errors import PredictionFailed
from backend.inference.log.intake import Intake
from backend.inference.log.record import Record
from backend.inference.refusals import Refusals
from backend.inference.routing.table import RoutedGroup
from backend.inference.routing.watch import Routing
from backend.inference.versions import explanations
from schemas.inference import Output, PredictBody, Prediction

if TYPE_CHECKING:
    from backend.bootstrap import Hub

log = logging.getLogger("tiltyard.inference")
INLINE_ROWS = 16
"""More rows than this are scored in a thread; a few take less time than handing them over."""


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
