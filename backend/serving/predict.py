"""A prediction: routed, checked, scored, logged, and only then answered."""

from collections.abc import Iterable, Sequence
from functools import partial
from time import perf_counter
from uuid import UUID

from opentelemetry.trace import SpanKind

from backend import tracing
from backend.access.permissions import P
from backend.actor import Actor
from backend.errors import Forbidden, HubError
from backend.groups.errors import GroupNotFound
from backend.hub import Hub
from backend.inference_log.errors import LogUnavailable
from backend.inference_log.idempotency import LoggedAnswer
from backend.inference_log.intake import Intake, KeyTaken
from backend.serving.answers import PredictionRequest, answer_of, check_beside, record_of
from backend.serving.deciding import decide
from backend.serving.errors import PredictionFailed
from backend.serving.exploration import explore
from backend.serving.idempotency import IdempotencyKeys, claim_of
from backend.serving.inline_explanations import Inline
from backend.serving.language_models import Remote
from backend.serving.metrics import series_of
from backend.serving.prepare import Case, fall_back, prepare
from backend.serving.refusals import Refusals
from backend.serving.routing.refresh import Routing
from backend.serving.routing.table import RoutedGroup
from backend.serving.scoring import give_up, score
from backend.serving.shadows.queue import Shadows
from backend.serving.stale_answers import StaleAnswers
from schemas.inference import PredictBody, Prediction


class Predictor:
    """Answers predictions in this process, from memory, and logs them."""

    def __init__(self, hub: Hub, routing: Routing, intake: Intake) -> None:
        self._hub = hub
        self._routing = routing
        self._intake = intake
        self._refusals = Refusals(hub)
        self._remote = Remote(hub)
        self._shadows = Shadows(hub, routing, self._remote)
        self._inline = Inline()
        self._idempotency_keys = IdempotencyKeys(hub)
        self._stale = StaleAnswers(hub)

    async def predict(self, actor: Actor, slug: str, body: PredictBody) -> Prediction | list[Prediction]:
        """Return the answer, or a batch's answers in order. Raises GroupNotFound, the inputs' errors, LogUnavailable, DiskFull."""
        group = await self.find(actor, slug)
        series = series_of(group.facts.group_id, group.facts.tenant_id, group.facts.slug)
        began = perf_counter()
        try:
            answers = await (self._traced(actor, group, body) if tracing.enabled() else self._predict(actor, group, body))
        except PredictionFailed as error:  # logged: the failure is an answer, not a refusal
            series.refused(error.reason)
            raise
        except HubError as error:
            series.refused(error.reason)
            self._refusals.note(group.facts.group_id, actor.name, error)
            raise
        series.answered(len(answers), perf_counter() - began)
        return answers if isinstance(body.inputs, list) else answers[0]

    async def _traced(self, actor: Actor, group: RoutedGroup, body: PredictBody) -> list[Prediction]:
        with tracing.span("predict", SpanKind.SERVER, tiltyard__group=group.facts.slug, tiltyard__tenant=str(group.facts.tenant_id)):
            return await self._predict(actor, group, body)

    def refuse(self, actor: Actor, slug: str, error: HubError) -> None:
        """Record a refused request. A request for an unknown group counts for nobody."""
        if group := self._routing.table.find(actor.tenant_id, slug):
            self._refusals.note(group.facts.group_id, actor.name, error)

    async def _predict(self, actor: Actor, group: RoutedGroup, body: PredictBody) -> list[Prediction]:
        self._hub.disk.require()
        if body.prefer and not actor.may(P.INFERENCE_VERSION_PREFER):
            raise Forbidden(f"`prefer` needs the permission `{P.INFERENCE_VERSION_PREFER}`", permission=P.INFERENCE_VERSION_PREFER)
        if bound := self._hub.use_bounds.broken(actor.tenant_id, group.facts.group_id, actor.name):
            raise Forbidden(bound)
        controlled = await self._routing.control.admit(group.facts)
        group = self._routing.table.find(actor.tenant_id, group.facts.slug) or group  # the current group, if the lease had to be waited for
        request = PredictionRequest(group, actor, body, self._hub.clock.now(), controlled)
        return await (self._answer_once(request, body.idempotency_key) if body.idempotency_key else self._answer(request))

    async def _answer_once(self, request: PredictionRequest, key: str) -> list[Prediction]:
        """Return the key's answers, made now when the key is new. Raises IdempotencyKeyReused."""
        group_id = request.group.facts.group_id
        async with self._idempotency_keys.turn(group_id, key):
            earlier = await self._idempotency_keys.earlier(request.actor, group_id, request.body)
            if not earlier:
                try:
                    return await self._answer(request)
                except KeyTaken:  # by another process, meanwhile
                    earlier = await self._idempotency_keys.earlier(request.actor, group_id, request.body)
        return await self._said_again(request.group, earlier)

    async def _answer(self, request: PredictionRequest) -> list[Prediction]:
        group, body = request.group, request.body
        check_beside(body)
        cases = prepare(group, body, self._routing.control.halts.versions)
        await self._score(request, cases)
        decide(cases)
        if group.facts.answering.exploration is not None:
            await explore(self._hub, request, cases)
        if body.explain:
            await self._inline.explain(cases)
        latency = request.latency_us
        try:
            await self._intake.append(group.facts.group_id, [record_of(request, case, latency) for case in cases], claim_of(body))
        except LogUnavailable:
            if not (earlier := self._stale.again(request)):
                raise
            stale = await self._said_again(group, earlier)
            self._stale.note(request, stale)
            return stale
        await self._admit_again(group, (case.version.id for case in cases))
        answers = [answer_of(request, case, latency) for case in cases]
        self._stale.remember(request, cases, answers)
        self._shadows.offer(request, cases)
        return answers

    async def _said_again(self, group: RoutedGroup, earlier: Sequence[LoggedAnswer]) -> list[Prediction]:
        """Return earlier answers again. Raises GroupHalted, also when a version that gave one is halted; ControlLost."""
        await self._admit_again(group, (one.version_id for one in earlier))
        return [one.answer for one in earlier]

    async def _admit_again(self, group: RoutedGroup, answered: Iterable[UUID] = ()) -> None:
        """Check again before an answer leaves that neither the group nor an answering version was halted. Raises GroupHalted, ControlLost."""
        if not self._routing.watching:
            await self._routing.refresh()
        await self._routing.control.admit(group.facts, answered)

    async def find(self, actor: Actor, slug: str) -> RoutedGroup:
        """Return the tenant's group in its current state. Raises GroupNotFound."""
        if not self._routing.watching:
            await self._routing.refresh()
        group = self._routing.table.find(actor.tenant_id, slug)
        if group is None:
            raise GroupNotFound(f"There is no group {slug[:80]!r} in this tenant.")
        return group

    async def close(self) -> None:
        """Wait for running predictions."""
        await self._intake.close()
        await self._shadows.close()
        await self._refusals.close()
        await self._stale.close()

    async def _score(self, request: PredictionRequest, cases: Sequence[Case]) -> None:
        """Score every case; one whose challenger fails is answered by the champion. Raises PredictionFailed when the champion fails."""
        remote = partial(self._remote.score, request.group.facts.tenant_id)
        failed = await score(cases, remote, request.group.facts.time_budget_ms)
        if not failed:
            return
        again = [case for case in failed if fall_back(request.group, case)]
        lost = [case for case in failed if case not in again] + await score(again, remote)
        if not lost:
            return
        give_up(lost)
        await self._intake.append(request.group.facts.group_id, [record_of(request, case, request.latency_us) for case in lost])
        raise PredictionFailed(inference_ids=[str(case.id) for case in lost])
