"""What the gate objects to does not happen: a split, a ramp, a promotion, a rollback, the end of a halt."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
import pytest

from backend.bootstrap import OBSERVERS
from backend.comparison import service as comparison
from backend.decisions.early import EarlyDecisions
from backend.errors import Forbidden
from backend.groups import halt
from backend.groups import service as groups
from backend.groups.errors import GateNotMet
from backend.hub import Hub
from backend.outcomes.early_outcomes import EarlyOutcomes
from backend.ports.governance import Change
from backend.promotion import ramp
from backend.promotion.promote import promote
from backend.promotion.rollback import rollback
from backend.tallies.update import TallyUpdates
from backend.work.unit import UnitOfWork
from schemas.groups import Group, GroupRef, HaltGroup, MemberSpec, ResumeGroup, Rollback, SetSplit
from schemas.inference import PredictBody
from schemas.promotion import Promote
from schemas.ramps import StartRamp
from tests.support.served import Served


class Objecting:
    """A gate with one objection to everything; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Change, frozenset[UUID]]] = []

    async def objections(self, work: Any, change: Change, group_id: UUID | None, version_ids: Sequence[UUID]) -> list[str]:
        self.asked.append((change, frozenset(version_ids)))
        return ["The validation of this version has expired."]


async def split(work: UnitOfWork, served: Served, group: Group) -> object:
    members = [MemberSpec(version_id=one.version_id, role=one.role, share=5_000) for one in group.phase.members]
    return await groups.set_split(work, SetSplit(slug=group.slug, phase=group.phase.number, members=members))


async def start_ramp(work: UnitOfWork, served: Served, group: Group) -> object:
    wanted = {"slug": group.slug, "phase": group.phase.number, "version_id": served.serving.challenger.id, "steps": [{"share": 2_000, "hold_seconds": 0}]}
    return await ramp.start(work, msgspec.convert(wanted, StartRamp, strict=False))


async def promotion(work: UnitOfWork, served: Served, group: Group) -> object:
    shown = await comparison.compare(work, group.slug, None)
    return await promote(work, Promote(slug=group.slug, version_id=served.serving.challenger.id, evidence_id=shown.evidence_id))


async def go_back(work: UnitOfWork, served: Served, group: Group) -> object:
    return await rollback(work, Rollback(slug=group.slug, phase=group.phase.number, reason="worse"))


async def resume(work: UnitOfWork, served: Served, group: Group) -> object:
    return await halt.resume_group(work, ResumeGroup(slug=group.slug))


CHANGES: list[tuple[Change, Callable[[UnitOfWork, Served, Group], Awaitable[object]]]] = [
    ("split", split),
    ("ramp", start_ramp),
    ("promotion", promotion),
    ("rollback", go_back),
    ("resume", resume),
]


@pytest.mark.parametrize(("change", "act"), CHANGES)
async def test_a_change_that_the_gate_objects_to_is_refused_with_the_reason_and_changes_nothing(
    hub: Hub, served: Served, change: Change, act: Callable[[UnitOfWork, Served, Group], Awaitable[object]]
) -> None:
    group, gate = await served.group(hub), Objecting()
    async with hub.work(served.tenant.admin) as work:
        if change == "rollback":
            await promotion(work, served, group)
        if change == "resume":
            await halt.halt_group(work, HaltGroup(slug=group.slug, reason="looks wrong"))
    async with hub.work(served.tenant.admin, read_only=True) as work:
        before = await groups.get(work, GroupRef(slug=group.slug))
    with pytest.raises(GateNotMet, match="The validation of this version has expired"):
        async with replace(hub, gate=gate).work(served.tenant.admin) as work:
            await act(work, served, before)
    assert [one for one, _ in gate.asked] == [change]
    assert gate.asked[0][1], "the gate learns which versions will answer"
    async with hub.work(served.tenant.admin, read_only=True) as work:
        assert await groups.get(work, GroupRef(slug=group.slug)) == before


async def test_a_caller_outside_the_bounds_of_use_is_refused_with_the_bound(hub: Hub, served: Served) -> None:
    class OnlyTheOthers:
        def broken(self, tenant_id: UUID | None, group_id: UUID, caller: str) -> str | None:
            return f"The use case of this group does not name the consumer {caller}."

    group, bounded = await served.group(hub), replace(hub, use_bounds=OnlyTheOthers())
    predictor = hub.serving.predictor(bounded)  # type: ignore[attr-defined]  # the hub of a process
    with pytest.raises(Forbidden, match="does not name the consumer"):
        await predictor.predict(served.tenant.admin, group.slug, PredictBody(inputs=served.serving.inputs))


def test_tallies_hear_of_a_row_before_the_outcome_that_waited_for_it() -> None:
    assert [type(one) for one in OBSERVERS] == [TallyUpdates, EarlyOutcomes, EarlyDecisions]
