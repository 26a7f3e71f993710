"""Alerts: raised once for a fact, resolved when it is gone, told to who watches."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import msgspec
import pytest
from sqlalchemy import text

from backend.actor import ANONYMOUS
from backend.alerts import service
from backend.alerts.settle import settle as settle_alerts
from backend.catalog.artifact_files import artifact_name
from backend.comparison.alerts import SAMPLE_RATIO
from backend.declarations.alerts import Finding
from backend.groups import service as groups
from backend.groups.buckets import bucket_of
from backend.hub import Hub
from backend.inference_log.alerts import DEAD_LETTERS, RESIDUAL
from backend.inference_log.explanations import residual_events
from backend.inference_log.redis.keys import dead_key
from backend.live.service import follow
from backend.runs import service as runs
from backend.runs.alerts import NO_WORKER
from backend.runtimes.served_versions import DOUBT, Runtimes
from backend.serving.alerts import UNLOADABLE
from rpc.worker_watch import check_workers
from schemas.alerts import Alert, AlertState, ListAlerts, Severity
from schemas.groups import Group, MemberRole, MemberSpec, SetSplit
from schemas.inference import Explanation, PredictBody
from tests.support.group import Serving, serve_group
from tests.support.predictions import ask, drain
from tests.support.tenants import Tenant
from workers.alert_checks import AlertChecks

FACT = Finding("tests.fact", "thing:1", Severity.MEDIUM, "It is so.", "Mend it.")


async def settle(hub: Hub, tenant: Tenant, *findings: Finding) -> None:
    async with hub.work(tenant.admin) as work:
        await settle_alerts(work, {FACT.kind}, findings)


async def alerts(hub: Hub, tenant: Tenant, state: AlertState | None = AlertState.OPEN) -> list[Alert]:
    async with hub.work(tenant.admin, read_only=True) as work:
        return await service.browse(work, ListAlerts(state=state))


@dataclass
class Watched:
    """A tenant's group with the checks of one worker process."""

    hub: Hub
    tenant: Tenant
    serving: Serving
    checks: AlertChecks = field(init=False)

    def __post_init__(self) -> None:
        self.checks = AlertChecks(self.hub, Runtimes(self.hub.files).serve)

    @property
    def group(self) -> Group:
        return self.serving.group

    async def found(self) -> dict[str, Alert]:
        await self.checks.run()
        return {alert.kind: alert for alert in await alerts(self.hub, self.tenant)}


@pytest.fixture
async def watched(hub: Hub, tenant: Tenant) -> Watched:
    return Watched(hub, tenant, await serve_group(hub, tenant, challenger_share=5_000))


async def test_a_fact_is_one_alert_however_often_it_is_found_and_is_resolved_when_it_is_gone(hub: Hub, tenant: Tenant) -> None:
    for _ in range(3):
        await settle(hub, tenant, FACT)
    (alert,) = await alerts(hub, tenant)
    assert (alert.kind, alert.subject, alert.count, alert.message, alert.recommendation) == (FACT.kind, FACT.subject, 3, FACT.message, FACT.recommendation)
    assert alert.first_seen < alert.last_seen
    await settle(hub, tenant)
    assert len(await alerts(hub, tenant)) == 1, "one clean check may be chance"
    await settle(hub, tenant)
    assert await alerts(hub, tenant) == []
    await settle(hub, tenant, FACT)
    again = await alerts(hub, tenant, None)
    assert [(one.state, one.count) for one in again] == [(AlertState.OPEN, 1), (AlertState.RESOLVED, 3)]


async def test_two_checks_at_once_raise_one_alert(hub: Hub, tenant: Tenant) -> None:
    await asyncio.gather(*(settle(hub, tenant, FACT) for _ in range(8)))
    assert [alert.count for alert in await alerts(hub, tenant)] == [8]


async def test_a_check_of_other_kinds_leaves_an_alert_alone(hub: Hub, tenant: Tenant) -> None:
    await settle(hub, tenant, FACT)
    async with hub.work(tenant.admin) as work:
        await settle_alerts(work, {"tests.other"}, [])
    assert len(await alerts(hub, tenant)) == 1


async def test_who_watches_is_told_of_what_is_raised_changed_and_resolved_but_not_of_each_confirmation(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    await settle(hub, tenant, FACT)
    async with aclosing(follow(hub, tenant.admin, service.TOPIC, None)) as items:
        told = [(await anext(items))[1]]
        await settle(hub, other_tenant, FACT)
        await settle(hub, tenant, FACT)
        await settle(hub, tenant, Finding(FACT.kind, FACT.subject, Severity.CRITICAL, "It is worse.", FACT.recommendation))
        await settle(hub, tenant)
        await settle(hub, tenant)
        told += [(await anext(items))[1] for _ in range(2)]
    assert [(one.state, one.severity, one.count) for one in told] == [
        (AlertState.OPEN, "medium", 1),
        (AlertState.OPEN, "critical", 3),
        (AlertState.RESOLVED, "critical", 3),
    ]


async def test_dead_letters_raise_an_alert_with_their_number(watched: Watched) -> None:
    key = dead_key(watched.group.id)
    await watched.hub.redis.rpush(key, b"one", b"two")
    found = (await watched.found())[DEAD_LETTERS.name]
    assert (found.severity, found.subject) == ("critical", f"group:{watched.group.slug}")
    assert found.message.startswith("2 predictions")
    await watched.hub.redis.delete(key)
    await watched.found()
    assert DEAD_LETTERS.name not in await watched.found()


async def test_without_a_living_worker_everybody_is_alerted_until_one_reports(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    async with hub.work(ANONYMOUS) as work:
        await work.session.execute(text("DELETE FROM workers"))
    assert not await check_workers(hub)
    for one in (tenant, other_tenant):
        assert [alert.kind for alert in await alerts(hub, one)] == [NO_WORKER.name]
    async with hub.work(ANONYMOUS) as work:
        await runs.beat(work, "w1", "here", 1)
    for _ in range(2):
        assert await check_workers(hub)
    assert await alerts(hub, tenant) == []


async def test_a_version_whose_artifact_is_gone_raises_an_alert_also_after_it_was_loaded(watched: Watched) -> None:
    assert await watched.found() == {}
    artifact = watched.serving.challenger.artifact
    assert artifact is not None
    path = watched.hub.data_dir / artifact_name(artifact.sha256)
    kept = path.read_bytes()
    path.unlink()
    try:
        loaded = (await watched.found())[UNLOADABLE.name]
        fresh = (await Watched(watched.hub, watched.tenant, watched.serving).found())[UNLOADABLE.name]
    finally:
        path.write_bytes(kept)
    for alert in (loaded, fresh):
        assert str(watched.serving.challenger.id) in alert.subject
        assert watched.group.slug in alert.message
    await watched.found()
    assert await watched.found() == {}


async def test_traffic_that_is_not_shared_as_asked_raises_an_alert_and_a_new_phase_ends_it(watched: Watched) -> None:
    await _predict(watched, [None] * 200)
    assert await watched.found() == {}
    challenger = next(member for member in watched.group.phase.members if member.role is MemberRole.CHALLENGER)
    keys = [f"applicant {number}" for number in range(1_500)]
    await _predict(watched, [key for key in keys if any(one.start <= bucket_of(watched.group.salt, key) < one.end for one in challenger.ranges)])
    found = (await watched.found())[SAMPLE_RATIO.name]
    assert "v1.3" in found.message
    members = [MemberSpec(version_id=member.version_id, role=member.role, share=5_000) for member in watched.group.phase.members]
    assert {member.role for member in members} == {MemberRole.CHAMPION, MemberRole.CHALLENGER}
    async with watched.hub.work(watched.tenant.admin) as work:
        await groups.set_split(work, SetSplit(slug=watched.group.slug, phase=1, members=members))
    await watched.found()
    assert await watched.found() == {}
    await _predict(watched, ["always the same"] * 200)
    assert await watched.found() == {}, "one who asks often is always asked of the same version"


async def _predict(watched: Watched, keys: Sequence[str | None]) -> None:
    for key, often in Counter(keys).items():
        await ask(watched.hub, watched.tenant, watched.group, PredictBody(inputs=[watched.serving.inputs] * often, entity_key=key))
    await drain(watched.hub, watched.group)


async def test_explanations_that_do_not_add_up_raise_an_alert(watched: Watched) -> None:
    sound = Explanation(method="tree", exact=True, space="margin", base=0.0, values={"a": 1.0}, residual=1e-9)
    marked = msgspec.structs.replace(sound, residual=-0.02, reason=DOUBT)
    async with watched.hub.work(watched.tenant.admin) as work:
        residual_events.tell_doubts(work, watched.group.slug, [sound, None])
    assert await watched.found() == {}
    async with watched.hub.work(watched.tenant.admin) as work:
        residual_events.tell_doubts(work, watched.group.slug, [sound, marked, None])
    found = (await watched.found())[RESIDUAL.name]
    assert "2e-02" in found.message
    assert found.severity == "medium"
