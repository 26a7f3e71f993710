"""Builds the log record and the caller's answer of a scored case."""

import time
from datetime import datetime

import msgspec

from backend.actor import Actor
from backend.inference_log.record import Record
from backend.serving.errors import TooMuchBeside
from backend.serving.prepare import Case
from backend.serving.routing.table import RoutedGroup
from schemas.common import Issue
from schemas.inference import Output, PredictBody, Prediction

MOST_BESIDE = 4000
"""Characters of segments and context in one request: each of its rows, up to 1 000, carries them."""


class PredictionRequest(msgspec.Struct, frozen=True):
    """A request, its caller and its time."""

    group: RoutedGroup
    actor: Actor
    body: PredictBody
    at: datetime
    controlled: bool = True
    """Whether this process knows that the group is not halted."""
    started: int = msgspec.field(default_factory=time.perf_counter_ns)

    @property
    def latency_us(self) -> int:
        """Return the microseconds since the request arrived."""
        return (time.perf_counter_ns() - self.started) // 1000


def check_beside(body: PredictBody) -> None:
    """Limit the data logged with every input of the request. Raises TooMuchBeside."""
    if not body.segments and body.context is None:
        return
    segments = sum(map(len, body.segments)) + sum(map(len, body.segments.values()))
    said = body.context
    context = sum(len(one) for one in (said.use_case, said.region, said.product) if one) if said else 0
    if segments + context > MOST_BESIDE:
        found = (("/segments", segments), ("/context", context))
        raise TooMuchBeside(issues=[Issue(pointer=at, message=f"{size:,} characters are here") for at, size in found if size])


def record_of(request: PredictionRequest, case: Case, latency_us: int) -> Record:
    """Return the case as a log record."""
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
        propensity=case.propensity,
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
        stale=not request.controlled,
        decision=case.decision,
        decision_rule=case.member.rule.version if case.decision is not None and case.member.rule else None,
        lot=case.lot,
        lot_propensity=case.lot_propensity,
    )


def answer_of(request: PredictionRequest, case: Case, latency_us: int) -> Prediction:
    """Return the case as the caller's answer."""
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
        stale=not request.controlled,
        latency_us=latency_us,
        decision=case.decision,
        decision_rule=case.member.rule.version if case.decision is not None and case.member.rule else None,
        explored=case.explored,
    )


def _output(case: Case) -> Output | None:
    if case.status == "failed":
        return None
    probability = case.score if case.version.probable else None
    return Output(score=case.score, margin=case.margin, probability=probability)


def _label(request: PredictionRequest, case: Case) -> str | None:
    labels = case.version.labels
    return labels[request.group.facts.means_yes(case.score)] if labels and case.status != "failed" else None
