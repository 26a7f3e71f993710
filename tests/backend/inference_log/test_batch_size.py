"""Requests and entries that weigh much: refused where they would weigh on others, and drained all the same."""

import asyncio

import pytest

from backend.hub import Hub
from backend.inference_log import batch_size, intake
from backend.inference_log.drain import Batch, Drainer, LogRef
from backend.inference_log.record import FIELD, encode
from backend.inference_log.redis.keys import stream_key
from backend.serving.answers import MOST_BESIDE
from backend.serving.errors import TooMuchBeside
from backend.work.unit import UnitOfWork
from schemas.inference import Context, PredictBody
from tests.support.log_records import record
from tests.support.predictions import ask, logged
from tests.support.served import Served

pytestmark = pytest.mark.busy


@pytest.mark.parametrize(
    ("pointer", "beside"),
    [
        ("/segments", {"segments": {"note": "x" * MOST_BESIDE}}),
        ("/segments", {"segments": {"n" * MOST_BESIDE: "x"}}),
        ("/context", {"context": Context(product="x" * (MOST_BESIDE + 1))}),
    ],
)
async def test_more_beside_the_inputs_than_each_row_can_carry_is_refused(hub: Hub, served: Served, pointer: str, beside: dict[str, object]) -> None:
    group = await served.group(hub)
    with pytest.raises(TooMuchBeside) as refused:
        await ask(hub, served.tenant, group, PredictBody(inputs=[served.serving.inputs] * 3, **beside))  # type: ignore[arg-type]
    assert [issue.pointer for issue in refused.value.issues] == [pointer]
    enough = PredictBody(inputs=served.serving.inputs, segments={"note": "x" * (MOST_BESIDE - 4)})
    assert await ask(hub, served.tenant, group, enough)


async def test_a_stream_that_weighs_too_much_is_left_alone_and_answers_go_to_postgresql(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_WAITING_BYTES", 100_000)
    monkeypatch.setattr(intake, "REST_SECONDS", 60.0)
    group = await served.group(hub)
    for _ in range(3):
        await hub.redis.xadd(stream_key(group.id), {FIELD: encode(record(version_id=served.serving.champion.id, segments={"note": "x" * 50_000}))})
    await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
    await asyncio.sleep(0.1)  # the stream is weighed beside the answer
    (direct,) = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
    assert await hub.redis.xlen(stream_key(group.id)) == 4
    assert set(await logged(hub, served.tenant, group)) == {direct.inference_id}
    await hub.redis.delete(stream_key(group.id))


async def heavy_stream(hub: Hub, served: Served, count: int, size: int) -> tuple[LogRef, int]:
    group = await served.group(hub)
    version = served.serving.champion
    for _ in range(count):
        inputs = served.serving.inputs
        made = record(version_id=version.id, version=version.label, inputs=inputs, output={"score": 0.5, "margin": 0.0}, segments={"note": "x" * size})
        await hub.redis.xadd(stream_key(group.id), {FIELD: encode(made)})
    return LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name), count  # type: ignore[arg-type]


async def test_heavy_entries_are_drained_in_batches_of_few(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size, "FIRST", 4)
    monkeypatch.setattr(batch_size, "MOST_BYTES", 100_000)
    ref, count = await heavy_stream(hub, served, 40, 10_000)
    taken: list[int] = []
    stored = Drainer._store

    async def counted(self: Drainer, work: UnitOfWork, log: LogRef, batch: Batch) -> object:
        taken.append(len(batch.entries))
        return await stored(self, work, log, batch)

    monkeypatch.setattr(Drainer, "_store", counted)
    assert await Drainer(hub).drain(ref.group_id, 20) == count
    assert max(taken) <= 10
    assert await hub.redis.xlen(stream_key(ref.group_id)) == 0


async def test_a_batch_that_had_no_time_is_tried_again_as_smaller_ones(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    ref, count = await heavy_stream(hub, served, 40, 10)
    stored = Drainer._store

    async def slow(self: Drainer, work: UnitOfWork, log: LogRef, batch: Batch) -> object:
        if len(batch.entries) > 10:
            await asyncio.sleep(60)
        return await stored(self, work, log, batch)

    monkeypatch.setattr(Drainer, "_store", slow)
    drainer = Drainer(hub)
    moved = attempts = 0
    while moved < count:
        attempts += 1
        assert attempts < 10, "the same batch is tried for ever"
        try:
            async with asyncio.timeout(3):
                moved += await drainer.drain(ref.group_id, 2)
        except TimeoutError:
            moved = count - await hub.redis.xlen(stream_key(ref.group_id))
    assert await hub.redis.xlen(stream_key(ref.group_id)) == 0
