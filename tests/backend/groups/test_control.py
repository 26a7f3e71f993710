"""Halts, resumptions, rollbacks: what stops and what goes on, in a process that is there and in one that is cut off."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import pytest

from backend.audit import service as audit
from backend.comparison import service as comparison
from backend.errors import Forbidden
from backend.groups import service as groups
from backend.groups.errors import GateNotMet, NotHalted, NothingToRestore, SecondPersonNeeded
from backend.groups.halt import halt_group, halt_version, list_halts, resume_group, resume_version
from backend.groups.propagation import LEASE_SECONDS
from backend.hub import Hub
from backend.promotion.promote import promote
from backend.promotion.rollback import rollback
from backend.serving.errors import ControlLost, GroupHalted, VersionNotPreferred
from backend.serving.predict import Predictor
from backend.settings import Settings
from schemas.access import Role
from schemas.audit import ListAudit
from schemas.group_settings import GroupSettings
from schemas.groups import (
    ConfigureGroup,
    Group,
    GroupRef,
    HaltGroup,
    HaltVersion,
    ListHalts,
    MemberRole,
    MemberSpec,
    ResumeGroup,
    ResumeVersion,
    Rollback,
    SetSplit,
)
from schemas.inference import PredictBody, Prediction
from schemas.promotion import Promote
from tests.support.line import Wire
from tests.support.people import add
from tests.support.predictions import drain, logged
from tests.support.served import Served, make_served
from tests.support.tenants import Tenant

pytestmark = pytest.mark.busy


@pytest.fixture(scope="module")
def served(settings: Settings) -> Served:
    return make_served(settings)


@pytest.fixture
async def predictor(hub: Hub) -> AsyncIterator[Predictor]:
    """This process as it serves: with its table, its line, its lease."""
    yield await hub.serving.start(hub, lambda: None)
    await hub.serving.stop()


async def ask(predictor: Predictor, served: Served, group: Group, **said: object) -> Prediction:
    body = msgspec.convert({"inputs": served.serving.inputs, **said}, PredictBody)
    answer = await predictor.predict(served.tenant.admin, group.slug, body)
    assert isinstance(answer, Prediction)
    return answer


async def halt(hub: Hub, served: Served, group: Group, reason: str = "wrong data") -> Group:
    async with hub.work(served.tenant.admin) as work:
        return await halt_group(work, HaltGroup(slug=group.slug, reason=reason))


async def second_person(hub: Hub, tenant: Tenant, role: Role = Role.ML_LEAD) -> UUID:
    return (await add(hub, tenant.admin, role, email=f"second-{time.monotonic_ns()}@two.example")).id


async def test_a_halted_group_says_who_halted_it_why_and_since_when(hub: Hub, served: Served, predictor: Predictor) -> None:
    group = await served.group(hub)
    assert (await ask(predictor, served, group)).phase == 1
    halted = await halt(hub, served, group)
    assert halted.halt is not None
    assert (halted.halt.by, halted.halt.reason) == (served.tenant.admin.name, "wrong data")
    with pytest.raises(GroupHalted, match=r"halted by .* at .*: wrong data") as refused:
        await ask(predictor, served, group)
    assert refused.value.data["by"] == served.tenant.admin.name
    again = await halt(hub, served, group, "another reason")
    assert again.halt == halted.halt, "halting what is halted changes nothing"


async def test_once_a_halt_returns_a_process_cut_off_from_postgresql_answers_no_more(hub: Hub, served: Served, far: tuple[Hub, Predictor], wire: Wire) -> None:
    group = await served.group(hub)
    _, there = far
    assert (await ask(there, served, group)).phase == 1
    wire.cut()
    begun = time.monotonic()
    await halt(hub, served, group)
    took = time.monotonic() - begun
    assert took < 1.0, f"the halt took {took:.2f} s"
    with pytest.raises(ControlLost):
        await ask(there, served, group)


async def test_a_request_under_way_when_its_group_is_halted_is_not_answered(hub: Hub, served: Served, predictor: Predictor) -> None:
    group = await served.group(hub)
    body = PredictBody(inputs=[served.serving.inputs] * 200, explain=True)
    asking = [asyncio.ensure_future(predictor.predict(served.tenant.admin, group.slug, body)) for _ in range(20)]
    await asyncio.sleep(0)
    await halt(hub, served, group)
    answered = sum(one.done() and not one.exception() for one in asking)
    late = [one for one in asking if not one.done()]
    told = await asyncio.gather(*late, return_exceptions=True)
    assert all(isinstance(one, GroupHalted) for one in told)
    assert answered + len(told) <= 20
    await drain(hub, group)
    assert len(await logged(hub, served.tenant, group)) >= answered * 200, "whatever was answered is on record"


async def test_a_process_that_is_told_to_go_on_without_control_marks_its_answers(hub: Hub, served: Served, far: tuple[Hub, Predictor], wire: Wire) -> None:
    group = await served.group(hub)
    async with hub.work(served.tenant.admin) as work:
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(on_control_loss="stale")))
    far_hub, there = far
    assert not (await ask(there, served, group)).stale
    wire.cut()
    await asyncio.sleep(LEASE_SECONDS + 0.1)
    answer = await ask(there, served, group)
    assert (answer.stale, answer.age_seconds) == (True, None)
    await far_hub.serving.stop()
    await drain(hub, group)
    assert (await logged(hub, served.tenant, group))[answer.inference_id]["stale"] is True


async def test_a_process_whose_line_is_mended_answers_again_by_what_is_so_now(hub: Hub, served: Served, far: tuple[Hub, Predictor], wire: Wire) -> None:
    group = await served.group(hub)
    _, there = far
    wire.cut()
    await asyncio.sleep(LEASE_SECONDS)
    members = [MemberSpec(version_id=one.version_id, role=one.role, share=5_000) for one in group.phase.members]
    async with hub.work(served.tenant.admin) as work:
        await groups.set_split(work, SetSplit(slug=group.slug, phase=1, members=members))
    wire.mend()
    deadline = time.monotonic() + 10
    while True:
        try:
            assert (await ask(there, served, group)).phase == 2
            break
        except ControlLost:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)


async def test_a_busy_event_loop_does_not_lose_the_lease(hub: Hub, served: Served, predictor: Predictor) -> None:
    group = await served.group(hub)
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        time.sleep(0.3)  # noqa: ASYNC251  the loop is kept from its work on purpose
        assert (await ask(predictor, served, group)).phase == 1


async def test_resuming_takes_two_people_and_both_are_on_record(hub: Hub, served: Served, predictor: Predictor) -> None:
    group, tenant = await served.group(hub), served.tenant
    second = await second_person(hub, tenant)
    await halt(hub, served, group)
    async with hub.work(tenant.admin) as work:
        asked = await resume_group(work, ResumeGroup(slug=group.slug, reason="data mended"))
    assert asked.halt is not None
    assert asked.halt.requested_by == tenant.admin.name
    with pytest.raises(GroupHalted):
        await ask(predictor, served, group)
    with pytest.raises(SecondPersonNeeded):
        async with hub.work(tenant.admin) as work:
            await resume_group(work, ResumeGroup(slug=group.slug))
    other = msgspec.structs.replace(tenant.acting_as(Role.ML_LEAD), person_id=second, name="second")
    async with hub.work(other) as work:
        resumed = await resume_group(work, ResumeGroup(slug=group.slug, reason="checked"))
    assert resumed.halt is None
    assert (await ask(predictor, served, group)).phase == 1
    async with hub.work(tenant.admin, read_only=True) as work:
        (past,) = await list_halts(work, ListHalts(slug=group.slug))
        entries = (await audit.browse(work, ListAudit(subject=f"group:{group.slug}"))).items
    assert (past.requested_by, past.resumed_by, past.self_approved) == (tenant.admin.name, "second", False)
    assert [entry.action for entry in entries][:3] == ["groups.resume", "groups.requestResume", "groups.halt"]
    with pytest.raises(NotHalted):
        async with hub.work(other) as work:
            await resume_group(work, ResumeGroup(slug=group.slug))


async def test_where_nobody_else_may_resume_one_person_does_and_the_record_says_so(hub: Hub, settings: Settings) -> None:
    alone = await asyncio.to_thread(make_served, settings)
    group = await alone.group(hub)
    await halt(hub, alone, group)
    await second_person(hub, alone.tenant, Role.VIEWER)
    async with hub.work(alone.tenant.admin) as work:
        resumed = await resume_group(work, ResumeGroup(slug=group.slug))
        (past,) = await list_halts(work, ListHalts())
    assert (resumed.halt, resumed.solo) == (None, True)
    assert past.self_approved


async def test_a_halted_challengers_share_falls_to_the_champion_and_the_row_says_so(hub: Hub, served: Served, predictor: Predictor) -> None:
    group = await served.group(hub, challenger_share=9_999)
    challenger = served.serving.challenger
    async with hub.work(served.tenant.admin) as work:
        await halt_version(work, HaltVersion(version_id=challenger.id, reason="biased"))
    try:
        answers = [await ask(predictor, served, group, entity_key=f"k{at}") for at in range(20)]
        assert {answer.version for answer in answers} == {"v1.2"}
        await drain(hub, group)
        rows = await logged(hub, served.tenant, group)
        assert {(row["status"], row["propensity"]) for row in rows.values()} == {("fallback", 1.0)}
        assert all("is halted" in str(row["error"]) for row in rows.values())
    finally:
        async with hub.work(msgspec.structs.replace(served.tenant.admin, person_id=await second_person(hub, served.tenant))) as work:
            await resume_version(work, ResumeVersion(version_id=challenger.id))
        async with hub.work(served.tenant.admin) as work:
            if await list_halts(work, ListHalts(in_force=True)):
                await resume_version(work, ResumeVersion(version_id=challenger.id))
    assert {(await ask(predictor, served, group, entity_key=f"k{at}")).version for at in range(20)} == {"v1.3"}


async def promoted(hub: Hub, served: Served, group: Group, **said: object) -> Group:
    async with hub.work(served.tenant.admin, read_only=True) as work:
        shown = await comparison.compare(work, group.slug, None)
    wanted = {"slug": group.slug, "version_id": served.serving.challenger.id, "evidence_id": shown.evidence_id, **said}
    async with hub.work(served.tenant.admin) as work:
        return (await promote(work, msgspec.convert(wanted, Promote))).group


async def test_a_rollback_restores_version_and_threshold_together(hub: Hub, served: Served, predictor: Predictor) -> None:
    group = await served.group(hub)
    after = await promoted(hub, served, group, threshold=0.9)
    assert (after.threshold, after.phase.threshold) == (0.9, 0.9)
    async with hub.work(served.tenant.admin) as work:
        back = await rollback(work, Rollback(slug=group.slug, phase=2, reason="worse in production"))
    assert (back.threshold, back.phase.number, back.phase.reason) == (0.5, 3, "rollback: worse in production")
    assert [(one.version_id, one.share) for one in back.phase.members] == [(served.serving.champion.id, 10_000)]
    answer = await ask(predictor, served, group)
    assert (answer.version, answer.phase) == ("v1.2", 3)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        assert [phase.threshold for phase in await groups.list_phases(work, GroupRef(slug=group.slug))] == [0.5, 0.9, 0.5]
        entry = (await audit.browse(work, ListAudit(action="groups.rollback"))).items[0]
    assert entry.after["restores_phase"] == 1


async def test_a_group_that_never_had_another_champion_has_nothing_to_go_back_to(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    with pytest.raises(NothingToRestore):
        async with hub.work(served.tenant.admin) as work:
            await rollback(work, Rollback(slug=group.slug, phase=1, reason="none"))


async def test_a_gate_refuses_a_promotion_that_the_evidence_does_not_carry(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    for settings, words in ((GroupSettings(require_verdict=True), "verdict"), (GroupSettings(min_matured_share=0.5), "0.0 %")):
        async with hub.work(served.tenant.admin) as work:
            await groups.configure(work, ConfigureGroup(slug=group.slug, settings=settings))
        with pytest.raises(GateNotMet, match=words):
            await promoted(hub, served, group)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        assert (await groups.get(work, GroupRef(slug=group.slug))).phase.number == 1


async def test_another_routing_key_opens_a_phase_and_other_settings_do_not(hub: Hub, served: Served, predictor: Predictor) -> None:
    group = await served.group(hub, challenger_share=5_000)
    async with hub.work(served.tenant.admin) as work:
        slower = await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(time_budget_ms=500)))
        assert slower.phase.number == 1
        changed = await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(routing_key="segments.branch")))
    assert (changed.phase.number, changed.phase.routing_key) == (2, "segments.branch")
    versions = {(await ask(predictor, served, group, entity_key=f"k{at}", segments={"branch": "north"})).version for at in range(20)}
    assert len(versions) == 1, "one branch always meets the same version"


async def test_a_named_version_answers_if_the_caller_may_and_its_row_is_no_part_of_the_split(hub: Hub, served: Served, predictor: Predictor) -> None:
    group = await served.group(hub, challenger_share=0)
    answer = await ask(predictor, served, group, prefer="v1.3")
    assert (answer.version, answer.role) == ("v1.3", MemberRole.CHALLENGER)
    await drain(hub, group)
    assert (await logged(hub, served.tenant, group))[answer.inference_id]["propensity"] == 0.0
    with pytest.raises(VersionNotPreferred):
        await ask(predictor, served, group, prefer="v9.9")
    with pytest.raises(Forbidden):
        await predictor.predict(served.tenant.acting_as(Role.SERVICE), group.slug, PredictBody(inputs=served.serving.inputs, prefer="v1.3"))
