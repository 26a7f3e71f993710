"""A prediction: routed, checked, scored, on record, and only then answered."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from backend.access.actor import Actor
from backend.errors import Invalid
from backend.groups.errors import GroupNotFound
from backend.inference.answers import Request, answer_of, record_of
from backend.inference.cases import Case, fall_back, prepare
from backend.inference.errors import PredictionFailed
from backend.inference.log.intake import Intake
from backend.inference.refusals import Refusals
from backend.inference.routing.table import RoutedGroup
from backend.inference.routing.watch import Routing
from backend.inference.scoring import explain, give_up, score
from backend.inference.shadows import Shadows
from schemas.inference import PredictBody, Prediction

if TYPE_CHECKING:
    from backend.bootstrap import Hub


class Predictor:
    """Answers predictions in this process, from memory, on record."""

    def __init__(self, hub: "Hub", routing: Routing, intake: Intake) -> None:
        self._hub = hub
        self._routing = routing
        self._intake = intake
        self._refusals = Refusals(hub)
        self._shadows = Shadows(hub, routing)

    async def predict(self, actor: Actor, slug: str, body: PredictBody) -> Prediction | list[Prediction]:
        """The answer, or a batch's answers in the order asked. Raises GroupNotFound, what is wrong with the inputs, LogUnavailable."""
        group = await self.find(actor, slug)
        request = Request(group, actor, body, self._hub.clock.now())
        try:
            cases = prepare(group, body)
        except Invalid as error:
            self._refusals.note(group.facts.group_id, actor.name, error)
            raise
        await self._score(request, cases)
        if body.explain:
            await asyncio.to_thread(explain, cases)
        latency = request.latency_us
        await self._intake.append(group.facts.group_id, [record_of(request, case, latency) for case in cases])
        answers = [answer_of(request, case, latency) for case in cases]
        self._shadows.offer(request, cases)
        return answers if isinstance(body.inputs, list) else answers[0]

    async def find(self, actor: Actor, slug: str) -> RoutedGroup:
        """The tenant's group as it answers now. Raises GroupNotFound."""
        if not self._routing.watching:
            await self._routing.refresh()
        group = self._routing.table.find(actor.tenant_id, slug)
        if group is None:
            raise GroupNotFound(f"There is no group {slug[:80]!r} in this tenant.")
        return group

    async def close(self) -> None:
        """Wait for what is under way."""
        await self._intake.close()
        await self._shadows.close()
        await self._refusals.close()

    async def _score(self, request: Request, cases: Sequence[Case]) -> None:
        """Score every case; one whose challenger fails is answered by the champion. Raises PredictionFailed when the champion fails."""
        failed = await score(cases)
        again = [case for case in failed if fall_back(request.group, case)]
        lost = [case for case in failed if case not in again] + await score(again)
        if not lost:
            return
        give_up(lost)
        await self._intake.append(request.group.facts.group_id, [record_of(request, case, request.latency_us) for case in lost])
        raise PredictionFailed(inference_ids=[str(case.id) for case in lost])
