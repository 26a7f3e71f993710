"""From the intake into the log: once each, explained, whoever dies on the way."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from backend.actor import ANONYMOUS
from backend.hub import Hub
from backend.inference_log import intake
from backend.inference_log.drain import Drainer
from backend.inference_log.record import FIELD, encode
from backend.inference_log.redis.keys import dead_key, stream_key
from backend.inference_log.runs import drain_waiting
from backend.inference_log.sweep import explain_missing, waiting_groups
from backend.runs.context import Tick
from backend.runs.process import Process
from backend.settings import Settings
from schemas.groups import Group
from schemas.inference import PredictBody
from tests.support.log_records import record
from tests.support.predictions import ask, drain, logged
from tests.support.served import Served
from workers.drain import drain as drain_job

pytestmark = pytest.mark.busy

ROOT = Path(__file__).resolve().parents[2]


async def predict_many(hub: Hub, served: Served, group: Group, count: int) -> set[Any]:
    answers = await asyncio.gather(*(ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs)) for _ in range(count)))
    return {one.inference_id for answer in answers for one in answer}


def explained(row: dict[str, Any]) -> bool:
    explanation = row["explanation"]
    added = explanation["base"] + sum(explanation["values"].values())
    return bool(row["explained_at"]) and abs(added - row["output"]["margin"]) < 1e-6


async def test_every_answer_becomes_one_explained_row_and_leaves_the_intake(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    ids = await predict_many(hub, served, group, 60)
    assert await drain(hub, group) == 60
    rows = await logged(hub, served.tenant, group)
    assert set(rows) == ids
    assert all(explained(row) for row in rows.values())


async def test_an_entry_that_comes_again_is_kept_once(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    await predict_many(hub, served, group, 20)
    again = await hub.redis.xrange(stream_key(group.id))
    await drain(hub, group)
    for _, fields in again + again[:5]:
        await hub.redis.xadd(stream_key(group.id), fields)
    assert await drain(hub, group) == 25
    assert len(await logged(hub, served.tenant, group)) == 20


async def test_one_process_drains_a_group_once_at_a_time_and_what_is_asked_for_meanwhile_is_not_forgotten(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    drainer = Drainer(hub)
    ids = await predict_many(hub, served, group, 20)
    first = asyncio.create_task(drainer.drain(group.id, 20, 0.3))
    while await hub.redis.xlen(stream_key(group.id)):
        await asyncio.sleep(0.01)
    ids |= await predict_many(hub, served, group, 20)
    assert await drainer.drain(group.id, 20) == 0
    assert await first == 40
    assert set(await logged(hub, served.tenant, group)) == ids
    assert await drainer.drain(group.id, 20) == 0, "it goes on being asked"


async def test_several_drainers_at_once_store_everything_once(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    ids = await predict_many(hub, served, group, 300)
    await asyncio.gather(*(Drainer(hub).drain(group.id, 20) for _ in range(4)))
    await drain(hub, group)
    assert set(await logged(hub, served.tenant, group)) == ids


async def test_what_cannot_be_stored_becomes_a_dead_letter_and_holds_up_nobody(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    ids = await predict_many(hub, served, group, 10)
    nul = encode(record(entity_key="a\x00b", version_id=served.serving.champion.id, inputs=served.serving.inputs))
    far = encode(record(inference_id=UUID("00000000-0000-7000-8000-000000000000"), inputs={}))
    for raw in (b"no record", nul, far):
        await hub.redis.xadd(stream_key(group.id), {FIELD: raw})
    ids |= await predict_many(hub, served, group, 10)
    await drain(hub, group)
    assert set(await logged(hub, served.tenant, group)) == ids
    letters = [msgspec.msgpack.decode(raw) for raw in await hub.redis.lrange(dead_key(group.id), 0, -1)]
    assert {letter["record"] for letter in letters} == {b"no record", nul, far}
    assert all(letter["error"] for letter in letters)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        assert await intake.dead_letters(work) >= 3


async def test_rows_written_without_an_explanation_are_explained_by_the_sweep(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await served.group(hub)
    monkeypatch.setattr(intake, "MOST_WAITING", -1)  # a stream that is too long: the next predictions are written directly
    await predict_many(hub, served, group, 1)
    ids = await predict_many(hub, served, group, 5)
    rows = await logged(hub, served.tenant, group)
    assert set(rows) == ids
    assert all(row["explained_at"] is None for row in rows.values())
    explainer = Drainer(hub).explainer
    while await explain_missing(hub, explainer):
        pass
    rows = await logged(hub, served.tenant, group)
    assert all(explained(row) for row in rows.values())


async def test_a_groups_backlog_is_found_and_its_drain_asked_for(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    await predict_many(hub, served, group, 3)
    assert group.id in await waiting_groups(hub)
    ctx: dict[str, Any] = {"hub": hub, "drainer": Drainer(hub)}
    await drain_waiting(Tick(hub, ANONYMOUS, hub.clock.now(), Process()))
    async with hub.work(served.tenant.admin, read_only=True) as work:
        before = await intake.backlog(work)
    assert await drain_job(ctx, str(group.id)) == 3
    assert group.id not in await waiting_groups(hub)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        assert await intake.backlog(work) == before - 3


def start_worker(settings: Settings, output: Path) -> "subprocess.Popen[bytes]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TILTYARD_")}
    environment |= {
        "TILTYARD_DATABASE_URL": settings.database_url or "",
        "TILTYARD_REDIS_URL": settings.redis_url or "",
        "TILTYARD_SECRET_KEY": settings.secret_key or "",
        "TILTYARD_DATA_DIR": str(settings.data_dir),
    }
    with output.open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "workers.main"], cwd=ROOT, env=environment, stdout=log, stderr=log)


async def test_a_worker_killed_at_any_moment_loses_nothing_and_doubles_nothing(hub: Hub, served: Served, settings: Settings, tmp_path: Path) -> None:
    group = await served.group(hub)
    ids: set[Any] = set()
    output = tmp_path / "worker.log"
    worker = start_worker(settings, output)
    try:
        for _ in range(4):
            for _ in range(5):
                ids |= await predict_many(hub, served, group, 100)
            worker.send_signal(signal.SIGKILL)
            worker.wait(10)
            worker = start_worker(settings, output)
        deadline = time.monotonic() + 60
        rows: dict[Any, Any] = {}
        while time.monotonic() < deadline:
            rows = await logged(hub, served.tenant, group)
            if set(rows) == ids and all(row["explained_at"] for row in rows.values()):
                break
            await asyncio.sleep(0.2)
        assert set(rows) == ids, output.read_text()[-3000:]
        assert all(explained(row) for row in rows.values())
    finally:
        worker.kill()
        worker.wait(10)
