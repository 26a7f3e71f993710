"""Stale answers: while nothing can be logged, the last logged answer for the same inputs, if the group allows it.

Each process remembers its answers. Nothing here is a new inference: a replayed answer keeps its id, and the replay is recorded once the log is back.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from backend.actor import system
from backend.hub import Hub
from backend.inference_log.idempotency import LoggedAnswer
from backend.serving import stale_repository
from backend.serving.answers import PredictionRequest
from backend.serving.prepare import Case
from backend.serving.request_digest import digest
from schemas.inference import Inputs, PredictBody, Prediction

log = logging.getLogger("tiltyard.stale")
POLICIES_SECONDS = 2.0
"""Seconds. The allowed age of the groups' policies while answers are given."""
MOST_REMEMBERED = 50_000
MOST_NOTES = 100_000


class Remembered(NamedTuple):
    """An answer, its version, and its time by the monotonic clock."""

    answer: Prediction
    version_id: UUID
    at: float


class Note(NamedTuple):
    """A replay that is not recorded yet."""

    tenant_id: UUID
    group_id: UUID
    inference_id: UUID
    served_at: datetime
    age: float
    caller: str


class StaleAnswers:
    """The answers that this process could repeat."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._most_seconds: dict[UUID, int] = {}
        self._looked_at = -POLICIES_SECONDS
        self._looking: asyncio.Task[None] | None = None
        self._answers: OrderedDict[bytes, Remembered] = OrderedDict()
        self._notes: list[Note] = []
        self._noting: asyncio.Task[None] | None = None

    def remember(self, request: PredictionRequest, cases: Sequence[Case], answers: Sequence[Prediction]) -> None:
        """Keep logged answers, if the group's policy is to repeat them."""
        if time.monotonic() - self._looked_at > POLICIES_SECONDS:
            self._looked_at = time.monotonic()
            self._looking = asyncio.create_task(self._look())
        group_id = request.group.facts.group_id
        if group_id not in self._most_seconds:
            return
        for case, answer in zip(cases, answers, strict=True):
            self._answers[_key(group_id, request.body, case.inputs)] = Remembered(answer, case.version.id, time.monotonic())
        while len(self._answers) > MOST_REMEMBERED:
            self._answers.popitem(last=False)

    def again(self, request: PredictionRequest) -> list[LoggedAnswer]:
        """Return the last logged answers for the same inputs, marked as stale. Empty when the policy or their age forbids it, or one is missing."""
        group_id = request.group.facts.group_id
        most = self._most_seconds.get(group_id)
        found = [self._answers.get(_key(group_id, request.body, inputs)) for inputs in _batch(request.body)]
        now = time.monotonic()
        known = [one for one in found if one is not None and most is not None and now - one.at <= most]
        if not known or len(known) < len(found):
            return []
        return [LoggedAnswer(_aged(one.answer, now - one.at, most), one.version_id) for one in known]

    def note(self, request: PredictionRequest, replayed: Sequence[Prediction]) -> None:
        """Record these replays once the log is back."""
        facts, now = request.group.facts, self._hub.clock.now()
        self._notes += [Note(facts.tenant_id, facts.group_id, one.inference_id, now, one.age_seconds or 0.0, request.actor.name) for one in replayed]
        del self._notes[:-MOST_NOTES]
        if self._noting is None or self._noting.done():
            self._noting = asyncio.create_task(self._keep_noting())

    async def close(self) -> None:
        """Try once more to record the replays."""
        for task in (self._looking, self._noting):
            if task:
                task.cancel()
        await asyncio.gather(*(task for task in (self._looking, self._noting) if task), return_exceptions=True)
        if self._notes:
            try:
                await self._write()
            except (SQLAlchemyError, OSError, TimeoutError):
                log.exception("%s replays of stale answers could not be noted", len(self._notes))

    async def _look(self) -> None:
        try:
            async with self._hub.engine.connect() as connection:
                self._most_seconds = await stale_repository.stale_policies(connection)
        except (SQLAlchemyError, OSError):
            return  # the known policy stays in force: it is made for this case

    async def _keep_noting(self) -> None:
        while self._notes:
            await asyncio.sleep(1)
            try:
                await self._write()
            except (SQLAlchemyError, OSError, TimeoutError):
                continue  # the log is not back yet

    async def _write(self) -> None:
        notes = list(self._notes)
        for tenant_id in {note.tenant_id for note in notes}:
            mine = [note for note in notes if note.tenant_id == tenant_id]
            async with asyncio.timeout(10), self._hub.work(system(tenant_id, "log")) as work:
                await stale_repository.note_stale(work.session, [note._asdict() for note in mine], work.now)
            self._notes = [note for note in self._notes if note not in mine]


def _aged(answer: Prediction, seconds: float, most: int | None) -> Prediction:
    return msgspec.structs.replace(answer, stale=True, age_seconds=round(seconds, 3), max_age_seconds=most)


def _batch(body: PredictBody) -> list[Inputs]:
    return body.inputs if isinstance(body.inputs, list) else [body.inputs]


def _key(group_id: UUID, body: PredictBody, inputs: Inputs) -> bytes:
    """Return the key of inputs and their entity: another entity's answer is never repeated."""
    return digest((group_id, body.entity_key, body.explain, inputs))
