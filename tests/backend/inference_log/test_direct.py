"""Rows written to PostgreSQL before the answer: only the request at fault fails, and no group waits for another."""

import asyncio
import time
from uuid import uuid4

import pytest
from sqlalchemy import text

from backend.hub import Hub
from backend.inference_log.durability import Durability, Guarantee
from backend.inference_log.errors import LogUnavailable
from backend.inference_log.intake import Intake
from backend.inference_log.record import KeyClaim, Record
from schemas.inference import PredictBody
from tests.support.log_records import record
from tests.support.predictions import ask, data_plane, drain, logged
from tests.support.served import Served

pytestmark = pytest.mark.busy


@pytest.fixture(autouse=True)
def directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Guarantee, "known", Durability.DIRECT)


def row(served: Served, **changes: object) -> Record:
    return record(version_id=served.serving.champion.id, inputs=served.serving.inputs, output={"score": 0.5, "margin": 0.0}, **changes)


async def test_a_row_that_postgresql_refuses_fails_its_own_request_and_no_other(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    intake = Intake(hub)
    good, bad, beside = [row(served), row(served)], row(served, caller="a\x00b"), row(served)
    said = await asyncio.gather(
        *(intake.append(group.id, records) for records in ([good[0]], [bad, beside], [good[1]])),
        intake.append(group.id, [bad], KeyClaim(uuid4().hex, b"asked")),
        return_exceptions=True,
    )
    assert [type(one) for one in said] == [type(None), LogUnavailable, type(None), LogUnavailable]
    assert set(await logged(hub, served.tenant, group)) == {one.inference_id for one in good}
    await intake.close()


async def test_two_claims_of_one_key_in_one_batch_are_one_answer(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    intake = Intake(hub)
    key = KeyClaim(uuid4().hex, b"asked")
    mine = [row(served) for _ in range(3)]
    said = await asyncio.gather(*(intake.append(group.id, [one], key) for one in mine), return_exceptions=True)
    assert [type(one).__name__ for one in said] == ["NoneType", "KeyTaken", "KeyTaken"]
    assert set(await logged(hub, served.tenant, group)) == {mine[0].inference_id}
    await intake.close()


async def test_a_group_whose_table_is_locked_keeps_no_other_group_waiting(hub: Hub, served: Served) -> None:
    stuck, free = await served.group(hub), await served.group(hub)
    body = PredictBody(inputs=served.serving.inputs)
    await ask(hub, served.tenant, free, body)
    async with hub.work(served.tenant.admin) as blocking:
        await blocking.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"outcomes:{stuck.id}"})
        waiting = asyncio.create_task(ask(hub, served.tenant, stuck, body))
        await asyncio.sleep(0.2)
        began = time.monotonic()
        await ask(hub, served.tenant, free, body)
        assert time.monotonic() - began < 3
        assert not waiting.done()
    await waiting


@pytest.mark.parametrize("way", [Durability.DIRECT, Durability.STREAM])
async def test_a_whole_number_past_64_bits_is_answered_and_on_record(hub: Hub, served: Served, way: Durability, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Guarantee, "known", way)
    group = await served.group(hub)
    async with data_plane(hub, served.tenant.token) as http:
        path, inputs = f"/v1/groups/{group.slug}/predict", served.serving.inputs | {"limit_bal": 2**70}
        said = [await http.post(path, json={"inputs": inputs}, headers=headers) for headers in ({}, {"Idempotency-Key": uuid4().hex})]
    assert [one.status_code for one in said] == [200, 200], said[0].text
    await drain(hub, group)
    assert {str(one) for one in await logged(hub, served.tenant, group)} == {one.json()["inference_id"] for one in said}
