"""Promotions one after the other while predictions are asked for."""

import asyncio

import pytest

from backend.comparison import service as comparison
from backend.comparison.routing_replay import replay_routing
from backend.groups import service as groups
from backend.hub import Hub
from backend.promotion.promote import promote
from schemas.groups import Group, GroupRef, MemberRole
from schemas.inference import PredictBody, Prediction
from schemas.promotion import Promote
from schemas.ramps import ReplayRouting
from tests.support.predictions import drain, logged
from tests.support.served import Served

pytestmark = pytest.mark.busy

PROMOTIONS = 10


async def test_no_request_fails_and_every_row_names_the_one_phase_that_routed_it(hub: Hub, served: Served) -> None:
    group, tenant = await served.group(hub, challenger_share=3_000), served.tenant
    predictor = await hub.serving.start(hub, lambda: None)
    current, done = 1, asyncio.Event()
    answers: list[Prediction] = []

    async def ask(part: int) -> None:
        at = 0
        while not done.is_set():
            at += 1
            known = current
            body = PredictBody(inputs=served.serving.inputs, entity_key=f"{part}-{at}")
            answer = await predictor.predict(tenant.admin, group.slug, body)
            assert isinstance(answer, Prediction)
            assert answer.phase >= known, "a promotion that had returned was not in force"
            answers.append(answer)
            await asyncio.sleep(0.005)

    asking = [asyncio.create_task(ask(part)) for part in range(4)]
    try:
        for _ in range(PROMOTIONS):
            async with hub.work(tenant.admin, read_only=True) as work:
                shown = await comparison.compare(work, group.slug, None)
            challenger = next(one for one in shown.contenders if one.role is MemberRole.CHALLENGER)
            wanted = Promote(slug=group.slug, version_id=challenger.version_id, evidence_id=shown.evidence_id, keep_old=3_000)
            async with hub.work(tenant.admin) as work:
                promotion = await promote(work, wanted)
            current = promotion.group.phase.number
        done.set()
        await asyncio.gather(*asking)
    finally:
        for task in asking:
            task.cancel()
        await hub.serving.stop()
    await assert_each_row_names_its_phase(hub, served, group, answers)


async def assert_each_row_names_its_phase(hub: Hub, served: Served, group: Group, answers: list[Prediction]) -> None:
    await drain(hub, group)
    rows = await logged(hub, served.tenant, group)
    assert rows.keys() == {answer.inference_id for answer in answers}
    async with hub.work(served.tenant.admin, read_only=True) as work:
        phases = await groups.list_phases(work, GroupRef(slug=group.slug))
        replay = await replay_routing(work, ReplayRouting(slug=group.slug))
    members = {(phase.number, member.role.value, member.version_id) for phase in phases for member in phase.members}
    seen = {(row["phase"], row["role"], row["model_version_id"]) for row in rows.values()}
    assert seen <= members
    assert len({phase for phase, _, _ in seen}) > PROMOTIONS / 2
    assert (replay.matched, replay.rows) == (len(answers), len(answers))
