"""The queue's promises: once a slot, never pickle."""

import time
from datetime import timedelta

from backend.adapters import arq_queue
from backend.adapters.arq_queue import DEFAULT_QUEUE, DRAIN_QUEUE, ArqQueue, deserialize, serialize
from backend.hub import Hub
from backend.ids import new_id


async def jobs(hub: Hub, queue: str, part: str) -> dict[str, float]:
    return {key.decode(): due for key, due in await hub.redis.zrange(queue, 0, -1, withscores=True) if part in key.decode()}


async def test_a_drain_asked_for_many_times_is_a_job_or_two(hub: Hub) -> None:
    group = new_id()
    started = time.time()
    for _ in range(20):
        await hub.queue.drain(group)
    slots = int((time.time() - started) / arq_queue.SLOT_SECONDS) + 2
    assert 1 <= len(await jobs(hub, DRAIN_QUEUE, str(group))) <= slots


async def test_no_worker_no_heap_of_drains(hub: Hub) -> None:
    waiting = await hub.redis.zcard(DRAIN_QUEUE)
    group = new_id()
    for number in range(arq_queue.MOST_DRAINS - waiting):
        await hub.redis.zadd(DRAIN_QUEUE, {f"filler:{group}:{number}": 1})
    await hub.queue.drain(group)
    assert await jobs(hub, DRAIN_QUEUE, f"drain:{group}") == {}
    await hub.redis.zrem(DRAIN_QUEUE, *(f"filler:{group}:{number}" for number in range(arq_queue.MOST_DRAINS)))


async def test_a_run_is_due_when_it_was_meant_to_be(hub: Hub) -> None:
    run = new_id()
    await hub.queue.run(run, "groups.drop", timedelta(hours=1))
    (due,) = (await jobs(hub, DEFAULT_QUEUE, str(run))).values()
    assert abs(due / 1000 - time.time() - 3600) < 60


async def test_what_travels_is_msgpack_and_an_exception_is_words(hub: Hub) -> None:
    run = new_id()
    queue = ArqQueue(hub.settings.redis_url or "")
    await queue.run(run, "x")
    (key,) = await jobs(hub, DEFAULT_QUEUE, str(run))
    assert deserialize(await hub.redis.get(f"arq:job:{key}") or b"")["f"] == "run"
    await queue.close()
    assert deserialize(serialize({"r": ValueError("no")})) == {"r": "ValueError('no')"}
