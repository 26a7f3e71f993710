"""Whether a change is in force everywhere: what its caller is told where a process is late, stuck, lost, or cannot be asked."""

import asyncio
import time

import asyncpg
import pytest

from backend.comparison import service as comparison
from backend.groups import propagation
from backend.groups import propagation_repository as repository
from backend.groups import service as groups
from backend.groups.halt import halt_group
from backend.groups.propagation import LEASE_SECONDS
from backend.hub import Hub
from backend.promotion.promote import promote
from backend.serving.errors import GroupHalted
from backend.serving.predict import Predictor
from backend.settings import Settings
from schemas.group_settings import GroupSettings
from schemas.groups import ConfigureGroup, Group, HaltGroup, MemberSpec, SetSplit
from schemas.inference import PredictBody
from schemas.promotion import Promote
from tests.support.line import Wire
from tests.support.served import Served

pytestmark = pytest.mark.busy


async def split(hub: Hub, served: Served, group: Group, share: int = 5_000) -> Group:
    shares = (10_000 - share, share)
    members = [MemberSpec(version_id=one.version_id, role=one.role, share=mine) for one, mine in zip(group.phase.members, shares, strict=True)]
    async with hub.work(served.tenant.admin) as work:
        changed = await groups.set_split(work, SetSplit(slug=group.slug, phase=group.phase.number, members=members))
    return work.amended(changed)


async def halt(hub: Hub, served: Served, group: Group) -> tuple[Group, float]:
    begun = time.monotonic()
    async with hub.work(served.tenant.admin) as work:
        halted = await halt_group(work, HaltGroup(slug=group.slug, reason="wrong data"))
    return work.amended(halted), time.monotonic() - begun


async def forget_lost_processes(settings: Settings) -> None:
    """Of earlier tests, which did not all let their processes end as they should."""
    connection = await asyncpg.connect(settings.database_url)
    await connection.execute("DELETE FROM routers WHERE polled_at < clock_timestamp() - interval '1 second'")
    await connection.close()


def stick(monkeypatch: pytest.MonkeyPatch, far: Hub) -> None:
    """The process polls on, and takes in no change of its table."""

    async def nothing() -> None:
        return None

    assert far.serving._routing is not None
    monkeypatch.setattr(far.serving._routing, "_update_quietly", nothing)
    monkeypatch.setattr(propagation, "PROPAGATION_SECONDS", 1.0)


async def test_a_change_that_every_process_has_says_so_and_one_that_some_process_has_not_says_that(
    hub: Hub, served: Served, far: tuple[Hub, Predictor], monkeypatch: pytest.MonkeyPatch
) -> None:
    group = await served.group(hub)
    assert group.settled is None, "what is only read says nothing"
    changed = await split(hub, served, group)
    assert changed.settled is True
    stick(monkeypatch, far[0])
    late = await split(hub, served, changed, 2_000)
    assert (late.settled, late.phase.number) == (False, 3), "the change stands all the same"
    async with hub.work(served.tenant.admin, read_only=True) as work:
        shown = await comparison.compare(work, group.slug)
    wanted = Promote(slug=group.slug, version_id=served.serving.challenger.id, evidence_id=shown.evidence_id)
    async with hub.work(served.tenant.admin) as work:
        promotion = await promote(work, wanted)
    assert work.amended(promotion).group.settled is False


async def test_where_the_processes_cannot_be_asked_a_change_does_not_claim_to_be_in_force(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await served.group(hub)

    async def away(*_: object) -> None:
        raise OSError("PostgreSQL went away after the commit")

    monkeypatch.setattr(repository, "wake_routers", away)
    assert (await split(hub, served, group)).settled is False
    halted, took = await halt(hub, served, group)
    assert LEASE_SECONDS < took < 1.5, "a halt then waits until every lease has run out, and is complete"
    assert halted.settled is True


async def test_a_halt_is_complete_within_a_second_though_a_process_is_stuck_with_an_older_split(
    hub: Hub, served: Served, far: tuple[Hub, Predictor], monkeypatch: pytest.MonkeyPatch
) -> None:
    group, other = await served.group(hub), await served.group(hub)
    assert await far[1].predict(served.tenant.admin, group.slug, PredictBody(inputs=served.serving.inputs))
    stick(monkeypatch, far[0])
    assert (await split(hub, served, other)).settled is False
    monkeypatch.setattr(propagation, "PROPAGATION_SECONDS", 10.0)
    halted, took = await halt(hub, served, group)
    assert took < 1.0, f"the halt took {took:.2f} s"
    assert halted.settled is True
    with pytest.raises(GroupHalted):
        await far[1].predict(served.tenant.admin, group.slug, PredictBody(inputs=served.serving.inputs))


async def test_a_halt_where_lost_processes_may_go_on_is_not_said_to_be_complete_while_there_may_be_one(
    hub: Hub, served: Served, settings: Settings, far: tuple[Hub, Predictor], wire: Wire
) -> None:
    await forget_lost_processes(settings)
    group = await served.group(hub)
    async with hub.work(served.tenant.admin) as work:
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(on_control_loss="stale")))
    assert await propagation.lost(hub) == 0
    wire.cut()
    await asyncio.sleep(LEASE_SECONDS + 0.1)
    assert (await halt(hub, served, group))[0].settled is False
    wire.mend()
    deadline = time.monotonic() + 10
    while not (await halt(hub, served, group))[0].settled:
        assert time.monotonic() < deadline, "one that is back has heard of it"
        await asyncio.sleep(0.1)
