"""Ramps: they advance when a step has held, and roll back when a guardrail is broken, by themselves."""

import msgspec
import numpy as np
import pytest
from sqlalchemy import text

from backend.alerts.service import browse
from backend.audit import service as audit
from backend.comparison.split_estimate import facts_of
from backend.groups import service as groups
from backend.groups.buckets import owners
from backend.groups.errors import InvalidRamp, NoRamp, RampUnderWay
from backend.groups.halt import halt_group, resume_group
from backend.hub import Hub
from backend.ids import new_id
from backend.inference_log.refs import LogRef
from backend.inference_log.rows import rows_of
from backend.inference_log.writer import write
from backend.promotion import ramp, ramp_tend
from backend.promotion.alerts import RAMP_ROLLED_BACK
from backend.promotion.ramp_rules import members_at
from backend.runtimes.served_versions import Runtimes
from schemas.alerts import ListAlerts
from schemas.audit import ListAudit
from schemas.groups import Group, GroupRef, HaltGroup, MemberRole, MemberSpec, ResumeGroup, SetSplit
from schemas.ramps import Ramp, RampRef, RampState, StartRamp
from tests.support.log_records import record
from tests.support.served import Served
from workers.alert_checks import AlertChecks

STEPS = [{"share": 1_000, "hold_seconds": 0, "min_answers": 60}, {"share": 5_000, "hold_seconds": 0, "min_answers": 60}]


async def start(hub: Hub, served: Served, group: Group, **said: object) -> Ramp:
    wanted = {"slug": group.slug, "phase": group.phase.number, "version_id": served.serving.challenger.id, "steps": STEPS, **said}
    async with hub.work(served.tenant.admin) as work:
        return await ramp.start(work, msgspec.convert(wanted, StartRamp, strict=False))


async def now(hub: Hub, served: Served, group: Group) -> tuple[Group, Ramp]:
    async with hub.work(served.tenant.admin, read_only=True) as work:
        ref = GroupRef(slug=group.slug)
        return await groups.get(work, ref), (await ramp.ramps(work, ref))[0]


async def log(hub: Hub, served: Served, group: Group, count: int, errors: int = 0, losses: tuple[float, float] | None = None, entities: int = 0) -> None:
    """So many predictions of the current phase over all buckets (or of so many entities alone, again and again), the challenger's first ones failing.

    With outcomes of 0 where losses are given: the scores that the champion and the challenger said to them.
    """
    async with hub.work(served.tenant.admin, read_only=True) as work:
        group = await groups.get(work, GroupRef(slug=group.slug))
    owner = owners(facts_of(group.phase))
    buckets = np.random.default_rng(5).integers(0, 10_000, count)
    buckets = np.resize(buckets[:entities], count) if entities else buckets
    records = []
    for bucket in buckets.tolist():
        member = group.phase.members[owner[bucket]]
        mine = member.role is MemberRole.CHALLENGER
        fails = mine and errors > 0
        errors -= fails
        said = {
            "version_id": member.version_id,
            "version": member.label,
            "role": member.role.value,
        }
        how = {"phase": group.phase.number, "bucket": bucket, "propensity": member.share / 10_000, "status": "fallback" if fails else "ok", "latency_us": 800}
        records.append(record(**said, **how, score=losses[mine] if losses else 0.2))
    ref = LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name)
    async with hub.work(ref.actor) as work:
        assert not await write(work, ref, rows_of(records, {}, work.now))
        if losses:
            await work.session.execute(text(f"UPDATE {group.table_name} SET actual = (bucket % 2) * 0.1 WHERE phase = {group.phase.number}"))


def shares(group: Group) -> dict[str, int]:
    return {member.label: member.share for member in group.phase.members}


async def test_a_ramp_advances_step_by_step_and_each_step_is_a_phase(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=0)
    begun = await start(hub, served, group)
    assert (begun.state, begun.step, begun.phase) == (RampState.RUNNING, 0, 2)
    await ramp_tend.tend(hub)
    _, waiting = await now(hub, served, group)
    assert waiting.words == "waits for 60 requests, has 0"
    await log(hub, served, group, 1_000)
    await ramp_tend.tend(hub)
    after, advanced = await now(hub, served, group)
    assert (advanced.step, after.phase.number, shares(after)) == (1, 3, {"v1.2": 5_000, "v1.3": 5_000})
    await ramp_tend.tend(hub)
    assert (await now(hub, served, group))[0].phase.number == 3, "tending again changes nothing"
    await log(hub, served, group, 200)
    await ramp_tend.tend(hub)
    held, completed = await now(hub, served, group)
    assert (completed.state, held.phase.number) == (RampState.COMPLETED, 3)
    assert [one.decision for one in completed.decisions] == ["start", "advance", "complete"]
    assert completed.decisions[1].figures is not None
    assert completed.decisions[1].figures.requests >= 60
    async with hub.work(served.tenant.admin, read_only=True) as work:
        entries = (await audit.browse(work, ListAudit(subject=f"group:{group.slug}"))).items
    assert {"groups.ramp.start", "groups.ramp.advance", "groups.ramp.complete"} <= {entry.action for entry in entries}


async def test_a_challenger_that_fails_too_often_loses_its_share_and_somebody_is_told(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=0)
    await start(hub, served, group, guardrails={"max_error_rate": 0.05})
    await log(hub, served, group, 1_000, errors=20)
    await ramp_tend.tend(hub)
    after, ended = await now(hub, served, group)
    assert (ended.state, shares(after)) == (RampState.ROLLED_BACK, {"v1.2": 10_000, "v1.3": 0})
    assert "requests failed" in ended.words
    assert ended.decisions[-1].figures is not None
    assert ended.decisions[-1].figures.errors == 20
    await AlertChecks(hub, Runtimes(hub.files).serve).run()
    async with hub.work(served.tenant.admin, read_only=True) as work:
        told = [alert for alert in await browse(work, ListAlerts()) if alert.kind == RAMP_ROLLED_BACK.name and alert.subject == f"group:{group.slug}"]
    assert len(told) == 1


async def test_a_challenger_whose_loss_is_proven_higher_rolls_back(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=0)
    await start(hub, served, group, steps=[{"share": 5_000, "hold_seconds": 3600}])
    await log(hub, served, group, 1_000, losses=(0.1, 0.6))
    await ramp_tend.tend(hub)
    after, ended = await now(hub, served, group)
    assert (ended.state, shares(after)["v1.3"]) == (RampState.ROLLED_BACK, 0)
    assert ended.words.startswith("its loss is higher than the champion's")


async def test_what_a_few_entities_did_again_and_again_proves_no_loss(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=0)
    await start(hub, served, group, steps=[{"share": 5_000, "hold_seconds": 3600}])
    await log(hub, served, group, 1_000, losses=(0.1, 0.6), entities=8)
    await ramp_tend.tend(hub)
    _, going = await now(hub, served, group)
    assert (going.state, going.words.startswith("holds until")) == (RampState.RUNNING, True)


async def test_one_that_is_slow_rolls_back_and_one_that_is_as_good_goes_on(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=0)
    await start(hub, served, group, steps=[{"share": 5_000, "hold_seconds": 3600}], guardrails={"max_latency_p95_ms": 1.0})
    await log(hub, served, group, 500, losses=(0.3, 0.3))
    await ramp_tend.tend(hub)
    _, going = await now(hub, served, group)
    assert (going.state, going.words.startswith("holds until")) == (RampState.RUNNING, True)
    async with hub.work(served.tenant.admin) as work:
        await ramp.cancel(work, RampRef(slug=group.slug))
    group, _ = await now(hub, served, group)
    await start(hub, served, group, steps=[{"share": 5_000, "hold_seconds": 3600}], guardrails={"max_latency_p95_ms": 0.5})
    await log(hub, served, group, 500)
    await ramp_tend.tend(hub)
    _, ended = await now(hub, served, group)
    assert (ended.state, "0.8 ms" in ended.words) == (RampState.ROLLED_BACK, True)


async def test_a_paused_ramp_waits_and_a_halted_group_holds_it(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=0)
    await start(hub, served, group, steps=[{"share": 100, "hold_seconds": 0}, {"share": 200, "hold_seconds": 0}])
    async with hub.work(served.tenant.admin) as work:
        assert (await ramp.pause(work, RampRef(slug=group.slug, reason="holiday"))).state is RampState.PAUSED
    await ramp_tend.tend(hub)
    assert (await now(hub, served, group))[1].step == 0
    async with hub.work(served.tenant.admin) as work:
        await ramp.resume(work, RampRef(slug=group.slug))
        await halt_group(work, HaltGroup(slug=group.slug))
    await ramp_tend.tend(hub)
    _, held = await now(hub, served, group)
    assert (held.step, held.words) == (0, f"waits: halted by {served.tenant.admin.name}")
    async with hub.work(served.tenant.admin) as work:
        await resume_group(work, ResumeGroup(slug=group.slug))
    await ramp_tend.tend(hub)
    assert (await now(hub, served, group))[1].step == 1


async def test_a_split_that_somebody_else_changed_ends_the_ramp(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=0)
    await start(hub, served, group)
    with pytest.raises(RampUnderWay):
        await start(hub, served, (await now(hub, served, group))[0])
    members = [MemberSpec(version_id=one.version_id, role=one.role, share=5_000) for one in group.phase.members]
    async with hub.work(served.tenant.admin) as work:
        await groups.set_split(work, SetSplit(slug=group.slug, phase=2, members=members, reason="by hand"))
    await ramp_tend.tend(hub)
    after, ended = await now(hub, served, group)
    assert (ended.state, after.phase.number) == (RampState.CANCELLED, 3)
    assert "phase 3 (by hand)" in ended.words
    with pytest.raises(NoRamp):
        async with hub.work(served.tenant.admin) as work:
            await ramp.cancel(work, RampRef(slug=group.slug))


async def test_a_plan_that_does_not_rise_is_refused_step_by_step(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=1_000)
    with pytest.raises(InvalidRamp) as refused:
        await start(hub, served, group, steps=[{"share": 500, "hold_seconds": 0}, {"share": 400, "hold_seconds": 0}])
    assert [issue.pointer for issue in refused.value.issues] == ["/steps/0/share", "/steps/1/share"]
    with pytest.raises(InvalidRamp, match="raises a challenger"):
        await start(hub, served, group, version_id=served.serving.champion.id)


def test_only_the_champion_gives_what_the_challenger_gets() -> None:
    champion, mine, other, shadow = (new_id() for _ in range(4))
    members = [
        MemberSpec(version_id=champion, role=MemberRole.CHAMPION, share=9_000),
        MemberSpec(version_id=other, role=MemberRole.CHALLENGER, share=1_000),
        MemberSpec(version_id=shadow, role=MemberRole.SHADOW, share=0),
    ]
    assert {one.version_id: one.share for one in members_at(members, mine, 2_500)} == {champion: 6_500, other: 1_000, shadow: 0, mine: 2_500}
