"""When nothing can be put on record: a refusal, or what was last logged for the same inputs, where the group allows it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
from sqlalchemy import text

from backend.groups import log_policy
from backend.hub import Hub
from backend.inference_log import durability, intake
from backend.inference_log.errors import LogUnavailable
from backend.serving import stale_answers
from schemas.groups import Group, SetWhenUnlogged
from schemas.inference import PredictBody, Prediction
from tests.support.predictions import ask, drain, logged
from tests.support.served import Served

pytestmark = pytest.mark.busy


@contextmanager
def both_gone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither Redis nor PostgreSQL takes an entry in the time that it has."""
    with monkeypatch.context() as patch:
        patch.setattr(intake, "REDIS_SECONDS", 0.0)
        patch.setattr(intake, "POSTGRES_SECONDS", 0.0)
        yield


async def allow(hub: Hub, served: Served, group: Group, seconds: int = 900) -> None:
    async with hub.work(served.tenant.admin) as work:
        changed = await log_policy.set_when_unlogged(work, SetWhenUnlogged(slug=group.slug, when_unlogged="stale", max_age_seconds=seconds))
    assert (changed.log.when_unlogged, changed.log.stale_max_seconds) == ("stale", seconds)


async def answered(hub: Hub, served: Served, group: Group, body: PredictBody) -> list[Prediction]:
    """An answer that the process remembers: it looks for the policy while it answers the first."""
    await ask(hub, served.tenant, group, body)
    await asyncio.sleep(0.3)
    return await ask(hub, served.tenant, group, body)


async def test_a_group_refuses_unless_it_allows_stale_answers(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await served.group(hub)
    body = PredictBody(inputs=served.serving.inputs)
    await answered(hub, served, group, body)
    with both_gone(monkeypatch), pytest.raises(LogUnavailable):
        await ask(hub, served.tenant, group, body)


async def test_the_last_answer_for_the_same_inputs_comes_again_with_its_id_its_age_and_the_most_it_may_be(
    hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = await served.group(hub)
    await allow(hub, served, group)
    body = PredictBody(inputs=served.serving.inputs, entity_key="client-1")
    (last,) = await answered(hub, served, group, body)
    with both_gone(monkeypatch):
        (again,) = await ask(hub, served.tenant, group, body)
        with pytest.raises(LogUnavailable):
            await ask(hub, served.tenant, group, msgspec.structs.replace(body, inputs=served.serving.inputs | {"limit_bal": 1.5}))
        with pytest.raises(LogUnavailable):
            await ask(hub, served.tenant, group, msgspec.structs.replace(body, entity_key="client-2"))
    assert again.stale
    assert (again.inference_id, again.score, again.version, again.max_age_seconds) == (last.inference_id, last.score, last.version, 900)
    assert again.age_seconds is not None
    assert 0 <= again.age_seconds < 60
    await asyncio.sleep(1.5)  # the log is back, and the replay is noted
    async with hub.work(served.tenant.admin, read_only=True) as work:
        notes = (await work.session.execute(text("SELECT inference_id, age_seconds, caller FROM stale_answers WHERE group_id = :g"), {"g": group.id})).all()
    assert [(note.inference_id, note.caller) for note in notes] == [(last.inference_id, served.tenant.admin.name)]
    await asyncio.sleep(durability.REST_SECONDS)
    await drain(hub, group)
    assert again.inference_id in await logged(hub, served.tenant, group)


async def test_an_answer_older_than_the_group_allows_is_not_given_again(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await served.group(hub)
    await allow(hub, served, group, seconds=1)
    body = PredictBody(inputs=served.serving.inputs)
    await answered(hub, served, group, body)
    await asyncio.sleep(1.1)
    with both_gone(monkeypatch), pytest.raises(LogUnavailable):
        await ask(hub, served.tenant, group, body)


async def test_a_batch_is_repeated_whole_or_not_at_all(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await served.group(hub)
    await allow(hub, served, group)
    one, two, three = ({**served.serving.inputs, "limit_bal": float(n)} for n in (1, 2, 3))
    given = await answered(hub, served, group, PredictBody(inputs=[one, two]))
    with both_gone(monkeypatch):
        again = await ask(hub, served.tenant, group, PredictBody(inputs=[two, one]))
        with pytest.raises(LogUnavailable):
            await ask(hub, served.tenant, group, PredictBody(inputs=[one, three]))
    assert [answer.inference_id for answer in again] == [answer.inference_id for answer in reversed(given)]


async def test_the_memory_is_bounded(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stale_answers, "MOST_REMEMBERED", 3)
    group = await served.group(hub)
    await allow(hub, served, group)
    bodies = [PredictBody(inputs={**served.serving.inputs, "limit_bal": float(n)}) for n in range(4)]
    await answered(hub, served, group, bodies[0])
    for body in bodies[1:]:
        await ask(hub, served.tenant, group, body)
    with both_gone(monkeypatch):
        with pytest.raises(LogUnavailable):
            await ask(hub, served.tenant, group, bodies[0])
        assert (await ask(hub, served.tenant, group, bodies[3]))[0].stale
