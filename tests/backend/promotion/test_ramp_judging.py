"""What ramps are judged by, and that judging holds up nobody."""

import asyncio
import time
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text

from backend.comparison import queries as split_queries
from backend.comparison import ramp_figures
from backend.comparison import service as comparison
from backend.comparison.split_estimate import estimate_split
from backend.groups.halt import halt_group
from backend.hub import Hub
from backend.promotion import ramp_tend
from schemas.groups import Group, HaltGroup
from schemas.ramps import EstimateSplit, RampState, SplitEstimate, SplitShare
from tests.backend.comparison.test_comparison import fill, scorers
from tests.backend.promotion.test_ramps import log, now, shares, start
from tests.support.served import Served

pytestmark = pytest.mark.busy

SLOW = "(SELECT 0.1::float8 FROM pg_sleep({seconds}))"
STEP = [{"share": 5_000, "hold_seconds": 3600}]


async def estimated(hub: Hub, served: Served, group: Group) -> SplitEstimate:
    split = [SplitShare(version_id=one.version_id, share=one.share) for one in group.phase.members]
    async with hub.work(served.tenant.admin, read_only=True) as work:
        return await estimate_split(work, EstimateSplit(slug=group.slug, members=split))


async def test_a_halt_does_not_wait_for_a_ramp_that_is_being_judged(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await served.group(hub, challenger_share=0)
    await start(hub, served, group, steps=STEP)
    await log(hub, served, group, 100, losses=(0.1, 0.1))
    monkeypatch.setitem(split_queries.LOSSES, "brier", SLOW.format(seconds=3))
    tending = asyncio.create_task(ramp_tend.tend(hub))
    await asyncio.sleep(1.0)
    begun = time.monotonic()
    async with hub.work(served.tenant.admin) as work:
        await halt_group(work, HaltGroup(slug=group.slug, reason="wrong data"))
    took = time.monotonic() - begun
    assert not tending.done()
    assert took < 1.0, f"the halt took {took:.2f} s"
    await tending
    _, held = await now(hub, served, group)
    assert held.words == f"waits: halted by {served.tenant.admin.name}", "what was judged before the halt is not acted on"


async def test_the_error_guardrail_works_where_losses_cannot_be_read_in_time(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ramp_figures, "READING_SECONDS", 0.5)
    group, sound = await served.group(hub, challenger_share=0), await served.group(hub, challenger_share=0)
    for one, errors in ((group, 20), (sound, 0)):
        await start(hub, served, one, steps=[{"share": 5_000, "hold_seconds": 0}], guardrails={"max_error_rate": 0.05})
        await log(hub, served, one, 200, errors=errors, losses=(0.1, 0.1))
    monkeypatch.setitem(split_queries.LOSSES, "brier", SLOW.format(seconds=5))
    await ramp_tend.tend(hub)
    _, ended = await now(hub, served, group)
    assert (ended.state, "requests failed" in ended.words) == (RampState.ROLLED_BACK, True)
    _, held = await now(hub, served, sound)
    assert (held.state, held.step, held.words) == (RampState.RUNNING, 0, ramp_figures.TROUBLE), "and nothing advances unjudged"


async def test_a_round_begins_with_the_ramps_that_have_waited_longest(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [(await start(hub, served, await served.group(hub, challenger_share=0), steps=STEP)).id for _ in range(3)]
    tended: list[UUID] = []

    async def slowly(_hub: Hub, _actor: Any, ramp_id: UUID) -> None:
        tended.append(ramp_id)
        await asyncio.sleep(0.06)

    monkeypatch.setattr(ramp_tend, "_tend", slowly)
    monkeypatch.setattr(ramp_tend, "ROUND_SECONDS", 0.05)
    while len(tended) < 12 and not set(ids) <= set(tended):
        before = len(tended)
        await ramp_tend.tend(hub)
        assert len(tended) == before + 1, "a round ends by itself"
    assert set(ids) <= set(tended)


async def test_an_outcome_too_large_to_square_disables_no_guardrail(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=0)
    await start(hub, served, group, steps=STEP)
    await log(hub, served, group, 1_000, losses=(0.1, 0.6))
    for wrong in ("1e200", "-1e308", "NaN", "Infinity"):
        one = f"(SELECT inference_id FROM {group.table_name} WHERE actual BETWEEN 0 AND 1 LIMIT 1)"
        async with hub.work(served.tenant.admin) as work:
            await work.session.execute(text(f"UPDATE {group.table_name} SET actual = '{wrong}' WHERE inference_id = {one}"))
    current, _ = await now(hub, served, group)
    assert (await estimated(hub, served, current)).n == 996
    await ramp_tend.tend(hub)
    after, ended = await now(hub, served, group)
    assert (ended.state, shares(after)["v1.3"]) == (RampState.ROLLED_BACK, 0)
    assert ended.words.startswith("its loss is higher than the champion's")


@pytest.mark.parametrize("metric", ["log_loss", "accuracy"])
async def test_where_outcomes_are_numbers_ramps_and_estimates_judge_by_what_the_comparison_decides_by(hub: Hub, served: Served, metric: str) -> None:
    group = await served.group(hub, challenger_share=5_000, metric=metric)
    random = np.random.default_rng(4)
    truth = {label: random.normal(100, 30, 300) for label in ("v1.2", "v1.3")}
    said = {"v1.2": truth["v1.2"] + random.normal(0, 6, 300), "v1.3": truth["v1.3"] + random.normal(9, 6, 300)}
    await fill(hub, served, group, said, truth)
    found = await estimated(hub, served, group)
    errors = np.concatenate([(said[label] - truth[label]) ** 2 for label in truth])
    assert (found.metric, found.n) == ("rmse", 600)
    assert found.current.value == pytest.approx(errors.mean())
    async with hub.work(served.tenant.admin, read_only=True) as work:
        assert (await comparison.compare(work, group.slug)).decision_metric == "rmse"
        judged = await ramp_figures.judge(work, group, group.phase.members[1], looks=1)
    gap = errors[:300].mean() - errors[300:].mean()
    assert judged.figures.loss_difference == pytest.approx(gap)


async def test_where_outcomes_are_yes_or_no_a_group_that_decides_by_an_absolute_error_is_judged_by_brier(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000, metric="mae")
    scores, labels = scorers((300, 300), (1.0, 1.0))
    await fill(hub, served, group, scores, labels)
    found = await estimated(hub, served, group)
    assert found.metric == "brier"
    assert found.current.value == pytest.approx(np.concatenate([(scores[one] - labels[one]) ** 2 for one in scores]).mean())
