"""Refused calls are counted, whatever refused them, and hold nobody up."""

import msgspec
import pytest

from backend.groups.halt import halt_group
from backend.hub import Hub
from backend.inference_log.redis.keys import latest_key
from backend.serving.errors import GroupHalted, MissingFeatures
from backend.serving.refusals import REFUSALS_KEPT, Refusals, refused, refused_by_reason
from schemas.groups import HaltGroup
from schemas.inference import PredictBody
from tests.support.predictions import ask, logged
from tests.support.served import Served


async def test_a_call_refused_by_a_halt_is_counted_as_one_refused_for_its_inputs_is(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    with pytest.raises(MissingFeatures):
        await ask(hub, served.tenant, group, PredictBody(inputs={}))
    async with hub.work(served.tenant.admin) as work:
        await halt_group(work, HaltGroup(slug=group.slug, reason="wrong data"))
    for _ in range(3):
        with pytest.raises(GroupHalted):
            await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
    await hub.serving.predictor(hub).close()
    assert await refused(hub, group.id) == 4
    assert await refused_by_reason(hub, group.id) == {"GROUP_HALTED": 3, "MISSING_FEATURES": 1}
    reasons = [msgspec.msgpack.decode(one)["reason"] for one in await hub.redis.lrange(latest_key(group.id), 0, -1)]
    assert reasons == ["GROUP_HALTED"] * 3 + ["MISSING_FEATURES"]
    assert await logged(hub, served.tenant, group) == {}


async def test_thousands_at_once_are_all_counted_and_the_latest_kept(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    refusals = Refusals(hub)
    for number in range(3 * REFUSALS_KEPT):
        refusals.note(group.id, f"caller {number}", GroupHalted())
    await refusals.close()
    assert await refused(hub, group.id) == 3 * REFUSALS_KEPT
    assert await refused_by_reason(hub, group.id) == {"GROUP_HALTED": 3 * REFUSALS_KEPT}
    latest = [msgspec.msgpack.decode(one)["caller"] for one in await hub.redis.lrange(latest_key(group.id), 0, -1)]
    assert latest == [f"caller {number}" for number in reversed(range(2 * REFUSALS_KEPT, 3 * REFUSALS_KEPT))]
