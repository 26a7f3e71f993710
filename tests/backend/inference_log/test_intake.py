"""No answer that is not on record, whatever is gone."""

import asyncio
import time

import msgspec
import pytest
from sqlalchemy import text

from backend.adapters.processes import free_port
from backend.bootstrap import open_hub
from backend.db.identifiers import quoted
from backend.hub import Hub
from backend.inference_log import durability, intake
from backend.inference_log.errors import LogUnavailable
from backend.inference_log.redis.keys import stream_key
from backend.settings import Settings
from schemas.inference import PredictBody
from tests.support.line import Wire
from tests.support.predictions import ask, drain, logged
from tests.support.served import Served

pytestmark = pytest.mark.busy


@pytest.fixture
def without_redis(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}/0")


async def test_an_answer_is_in_the_stream_before_it_is_given(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    await asyncio.gather(*(ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs)) for _ in range(50)))
    assert await hub.redis.xlen(stream_key(group.id)) == 50
    await drain(hub, group)


async def test_without_redis_the_row_is_in_postgresql_before_the_answer_and_outcomes_reach_it(hub: Hub, served: Served, without_redis: Settings) -> None:
    group = await served.group(hub)
    async with open_hub(without_redis) as cut_off:
        body = PredictBody(inputs=served.serving.inputs)
        answers = await asyncio.gather(*(ask(cut_off, served.tenant, group, body) for _ in range(40)))
        rows = await logged(hub, served.tenant, group)
    assert set(rows) == {answer[0].inference_id for answer in answers}
    assert await drain(hub, group) == 0
    assert all(row["explained_at"] for row in (await logged(hub, served.tenant, group)).values())


async def test_with_neither_redis_nor_postgresql_the_call_is_refused(
    hub: Hub, served: Served, without_redis: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = await served.group(hub)
    monkeypatch.setattr(intake, "POSTGRES_SECONDS", 1.0)
    async with open_hub(without_redis) as cut_off, hub.work(served.tenant.admin) as blocking:
        await blocking.session.execute(text(f"SELECT 1 FROM {quoted(group.table_name)}"))
        await blocking.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"outcomes:{group.id}"})
        started = time.monotonic()
        with pytest.raises(LogUnavailable):
            await ask(cut_off, served.tenant, group, PredictBody(inputs=served.serving.inputs))
        assert time.monotonic() - started < 6
    assert await logged(hub, served.tenant, group) == {}


async def test_an_entry_redis_refuses_goes_to_postgresql(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    await hub.redis.set(stream_key(group.id), "not a stream")
    answer = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
    assert set(await logged(hub, served.tenant, group)) == {answer[0].inference_id}
    await hub.redis.delete(stream_key(group.id))


async def test_a_line_to_redis_that_was_cut_loses_nothing_and_is_there_again(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durability, "REST_SECONDS", 0.0)
    group = await served.group(hub)
    body = PredictBody(inputs=served.serving.inputs)
    answers = [await ask(hub, served.tenant, group, body)]
    await hub.redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    async with asyncio.timeout(10):  # for the line to be there again
        while await hub.redis.xlen(stream_key(group.id)) < 2:
            answers.append(await ask(hub, served.tenant, group, body))
    await drain(hub, group)
    assert set(await logged(hub, served.tenant, group)) == {answer[0].inference_id for answer in answers}


async def test_a_process_stops_though_redis_hangs(served: Served, settings: Settings, hub: Hub) -> None:
    group = await served.group(hub)
    async with Wire(settings.redis_url or "") as wire, asyncio.timeout(20), open_hub(msgspec.structs.replace(settings, redis_url=wire.address)) as cut_off:
        await ask(cut_off, served.tenant, group, PredictBody(inputs=served.serving.inputs))
        wire.cut()
        await ask(cut_off, served.tenant, group, PredictBody(inputs=served.serving.inputs))
    await drain(hub, group)
