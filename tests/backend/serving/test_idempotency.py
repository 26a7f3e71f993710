"""Idempotency keys: a request sent again gets the inference it made."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from backend.bootstrap import open_hub
from backend.hub import Hub
from backend.inference_log import intake
from backend.inference_log.errors import LogUnavailable
from backend.serving import idempotency
from backend.serving.errors import IdempotencyKeyReused
from backend.settings import Settings
from schemas.inference import PredictBody
from tests.support.clock import moved
from tests.support.predictions import ask, data_plane, drain, logged
from tests.support.served import Served


def body(served: Served, **changes: object) -> PredictBody:
    return msgspec.structs.replace(PredictBody(inputs=served.serving.inputs, idempotency_key=uuid4().hex), **changes)


async def test_the_same_request_again_gets_the_same_inference_and_answer_and_is_one_row(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    request = body(served, entity_key="client-1", explain=True)
    first = await ask(hub, served.tenant, group, request)
    again = await ask(hub, served.tenant, group, request)
    assert again == first
    assert first[0].explanation is not None
    await drain(hub, group)
    assert set(await logged(hub, served.tenant, group)) == {first[0].inference_id}


async def test_a_batch_sent_again_gets_its_answers_in_the_same_order(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    request = body(served, inputs=[served.serving.inputs | {"limit_bal": 1000.0 * n} for n in range(1, 30)])
    assert await ask(hub, served.tenant, group, request) == await ask(hub, served.tenant, group, request)
    assert len(await logged(hub, served.tenant, group)) == 29


async def test_duplicates_at_the_same_moment_in_several_processes_make_one_inference(hub: Hub, served: Served, settings: Settings) -> None:
    group = await served.group(hub)
    requests = [body(served) for _ in range(5)]
    async with open_hub(settings) as second, open_hub(settings) as third:
        hubs = [hub, second, third] * 4
        asked = [[ask(one, served.tenant, group, request) for one in hubs] for request in requests]
        answers = [await asyncio.gather(*same) for same in asked]
    assert all(len({answer[0].inference_id for answer in same}) == 1 for same in answers)
    assert len(await logged(hub, served.tenant, group)) == len(requests)


async def test_a_retry_is_answered_by_another_process_after_redis_has_lost_everything(hub: Hub, served: Served, settings: Settings) -> None:
    group = await served.group(hub)
    request = body(served)
    first = await ask(hub, served.tenant, group, request)
    await hub.redis.flushdb()
    async with open_hub(settings) as other:
        assert await ask(other, served.tenant, group, request) == first


async def test_a_key_used_for_another_request_is_refused(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    request = body(served)
    await ask(hub, served.tenant, group, request)
    for other in ({"inputs": served.serving.inputs | {"limit_bal": 7.0}}, {"entity_key": "someone"}, {"explain": True}, {"prefer": "v1.3"}):
        with pytest.raises(IdempotencyKeyReused):
            await ask(hub, served.tenant, group, msgspec.structs.replace(request, **other))  # type: ignore[arg-type]
    assert len(await logged(hub, served.tenant, group)) == 1


async def test_the_order_of_fields_makes_no_other_request_and_another_group_has_keys_of_its_own(hub: Hub, served: Served) -> None:
    one, two = await served.group(hub), await served.group(hub)
    request = body(served)
    turned = msgspec.structs.replace(request, inputs=dict(reversed(served.serving.inputs.items())))
    first = await ask(hub, served.tenant, one, request)
    assert await ask(hub, served.tenant, one, turned) == first
    assert await ask(hub, served.tenant, two, request) != first


TOMORROW = timedelta(hours=24, minutes=1)


async def test_after_24_hours_a_key_is_free_again(hub: Hub, served: Served, settings: Settings) -> None:
    group = await served.group(hub)
    request = body(served)
    first = await ask(hub, served.tenant, group, request)
    async with moved(hub, TOMORROW), open_hub(settings) as later:
        second = await ask(later, served.tenant, group, request)
        assert second[0].inference_id != first[0].inference_id
        assert await ask(later, served.tenant, group, request) == second


async def test_a_request_that_could_not_be_put_on_record_leaves_its_key_free(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await served.group(hub)
    request = body(served)
    with monkeypatch.context() as slow:
        slow.setattr(intake, "POSTGRES_SECONDS", 0.0)
        with pytest.raises(LogUnavailable):
            await ask(hub, served.tenant, group, request)
    assert len(await ask(hub, served.tenant, group, request)) == 1
    assert len(await logged(hub, served.tenant, group)) == 1


async def test_the_header_is_the_key_and_a_clash_with_the_bodys_is_refused(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    path, key = f"/v1/groups/{group.slug}/predict", uuid4().hex
    async with data_plane(hub, served.tenant.token) as http:
        first = (await http.post(path, json={"inputs": served.serving.inputs}, headers={"Idempotency-Key": key})).json()
        assert (await http.post(path, json={"inputs": served.serving.inputs, "idempotency_key": key})).json() == first
        clash = await http.post(path, json={"inputs": served.serving.inputs, "idempotency_key": "another"}, headers={"Idempotency-Key": key})
        long = await http.post(path, json={"inputs": served.serving.inputs}, headers={"Idempotency-Key": "k" * 201})
        reused = await http.post(path, json={"inputs": {}}, headers={"Idempotency-Key": key})
    assert (clash.status_code, long.status_code) == (400, 400)
    assert (reused.status_code, reused.json()["error"]["reason"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_what_was_asked_is_told_apart_by_everything_but_the_key(served: Served) -> None:
    request = body(served)
    assert idempotency.asked(request) == idempotency.asked(msgspec.structs.replace(request, idempotency_key="another"))
    assert idempotency.asked(request) != idempotency.asked(msgspec.structs.replace(request, correlation_id="c"))
