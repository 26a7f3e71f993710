"""How an alert moves: escalation, acknowledgement, silence, resolution, retention."""

from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.actor import ANONYMOUS
from backend.alerts import rules, service
from backend.alerts.errors import AlertIsResolved, AlertNotFound, InvalidSilence, NotSilenced
from backend.alerts.rules import AlertStanding
from backend.alerts.settle import settle
from backend.audit import service as audit
from backend.declarations.alerts import Finding
from backend.groups.alerts import GROUP_HALTED, VERSION_HALTED
from backend.groups.halt import halt_group, halt_version, resume_group
from backend.hub import Hub
from backend.ids import new_id
from backend.live.service import follow
from backend.runtimes.served_versions import Runtimes
from schemas.alerts import AcknowledgeAlert, Alert, AlertHistory, AlertRef, AlertRetention, AlertState, ListAlerts, Severity, SilenceAlert
from schemas.audit import ListAudit
from schemas.groups import HaltGroup, HaltVersion, ResumeGroup
from tests.support.group import serve_group
from tests.support.tenants import Tenant
from workers.alert_checks import AlertChecks

FACT = Finding("tests.fact", "thing:1", Severity.MEDIUM, "It is so.", "Mend it.")
WORSE = Finding("tests.fact", "thing:1", Severity.CRITICAL, "It is worse.", "Mend it now.")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def check(hub: Hub, tenant: Tenant, *findings: Finding) -> None:
    async with hub.work(tenant.admin) as work:
        await settle(work, {FACT.kind}, findings)


async def newest(hub: Hub, tenant: Tenant) -> Alert:
    async with hub.work(tenant.admin, read_only=True) as work:
        return (await service.history(work, AlertHistory())).items[0]


async def silence(hub: Hub, tenant: Tenant, alert_id: UUID, seconds: float = 3600) -> Alert:
    async with hub.work(tenant.admin) as work:
        return await service.silence(work, SilenceAlert(alert_id=alert_id, until=work.now + timedelta(seconds=seconds), reason="maintenance"))


async def told(hub: Hub, tenant: Tenant) -> list[tuple[str, str]]:
    """Every notification so far: state and severity."""
    async with hub.work(tenant.admin, read_only=True) as work:
        rows = (await work.session.execute(text("SELECT payload FROM live_events WHERE kind = 'alert.changed' ORDER BY seq"))).scalars()
        return [(row["state"], row["severity"]) for row in rows]


async def test_new_words_are_told_once_a_day_but_a_rise_in_severity_at_once(hub: Hub, tenant: Tenant) -> None:
    await check(hub, tenant, FACT)
    for count in range(5):
        await check(hub, tenant, Finding(*_reworded(count)))
    assert await told(hub, tenant) == [("open", "medium")]
    assert (await newest(hub, tenant)).message == "It is so, 4 times.", "the alert itself is up to date"
    await check(hub, tenant, WORSE)
    assert await told(hub, tenant) == [("open", "medium"), ("open", "critical")]
    await check(hub, tenant, FACT)
    assert len(await told(hub, tenant)) == 2, "a fall in severity notifies nobody"
    async with hub.work(tenant.admin) as work:
        await work.session.execute(text("UPDATE alerts SET told_at = told_at - interval '25 hours'"))
    await check(hub, tenant, Finding(*_reworded(9)))
    assert len(await told(hub, tenant)) == 3


def _reworded(count: int) -> tuple[str, str, Severity, str, str]:
    return FACT.kind, FACT.subject, FACT.severity, f"It is so, {count} times.", FACT.recommendation


async def test_a_flapping_fact_is_one_alert_that_opens_at_once_and_resolves_after_two_clean_checks(hub: Hub, tenant: Tenant) -> None:
    for _ in range(4):
        await check(hub, tenant, FACT)
        await check(hub, tenant)
    alert = await newest(hub, tenant)
    assert (alert.state, alert.count) == (AlertState.OPEN, 4)
    assert await told(hub, tenant) == [("open", "medium")]
    await check(hub, tenant)
    assert (await newest(hub, tenant)).state is AlertState.RESOLVED
    assert (await newest(hub, tenant)).resolved_at is not None
    assert await told(hub, tenant) == [("open", "medium"), ("resolved", "medium")]
    await check(hub, tenant)
    assert len(await told(hub, tenant)) == 2, "told once"


async def test_an_acknowledged_alert_says_by_whom_and_when_and_opens_again_when_it_gets_worse(hub: Hub, tenant: Tenant) -> None:
    await check(hub, tenant, FACT)
    alert = await newest(hub, tenant)
    async with hub.work(tenant.admin) as work:
        taken = await service.acknowledge(work, AcknowledgeAlert(alert_id=alert.id, note="mine"))
    assert (taken.state, taken.acknowledged_by, taken.acknowledgement) == (AlertState.ACKNOWLEDGED, tenant.admin.name, "mine")
    assert taken.acknowledged_at is not None
    await check(hub, tenant, FACT)
    assert (await newest(hub, tenant)).state is AlertState.ACKNOWLEDGED
    async with hub.work(tenant.admin, read_only=True) as work:
        assert await service.browse(work, ListAlerts()) == []
        assert len(await service.browse(work, ListAlerts(state=AlertState.ACKNOWLEDGED))) == 1
    await check(hub, tenant, WORSE)
    again = await newest(hub, tenant)
    assert (again.state, again.severity, again.acknowledged_by) == (AlertState.OPEN, "critical", None)
    assert await told(hub, tenant) == [("open", "medium"), ("acknowledged", "medium"), ("open", "critical")]


async def test_a_silence_holds_while_its_fact_goes_and_comes_back_and_runs_out(hub: Hub, tenant: Tenant) -> None:
    await check(hub, tenant, FACT)
    silent = await silence(hub, tenant, (await newest(hub, tenant)).id)
    assert (silent.state, silent.silenced_by, silent.silence_reason) == (AlertState.SILENCED, tenant.admin.name, "maintenance")
    for findings in ((), (), (FACT,), (FACT,)):
        await check(hub, tenant, *findings)
    again = await newest(hub, tenant)
    assert (again.state, again.silenced_until, again.id == silent.id) == (AlertState.SILENCED, silent.silenced_until, False)
    assert await told(hub, tenant) == [("open", "medium"), ("silenced", "medium"), ("resolved", "medium")]
    async with hub.work(tenant.admin) as work:
        await work.session.execute(text("UPDATE alerts SET silenced_until = now() - interval '1 second'"))
    await check(hub, tenant, FACT)
    await check(hub, tenant, FACT)
    assert (await newest(hub, tenant)).state is AlertState.OPEN
    assert (await told(hub, tenant))[3:] == [("open", "medium")]


async def test_a_rise_in_severity_ends_a_silence(hub: Hub, tenant: Tenant) -> None:
    await check(hub, tenant, FACT)
    await silence(hub, tenant, (await newest(hub, tenant)).id)
    await check(hub, tenant, WORSE)
    assert ((await newest(hub, tenant)).state, (await told(hub, tenant))[-1]) == (AlertState.OPEN, ("open", "critical"))


async def test_a_silence_ended_early_gives_back_the_state_before(hub: Hub, tenant: Tenant) -> None:
    await check(hub, tenant, FACT)
    alert = await newest(hub, tenant)
    async with hub.work(tenant.admin) as work:
        await service.acknowledge(work, AcknowledgeAlert(alert_id=alert.id))
    await silence(hub, tenant, alert.id)
    async with hub.work(tenant.admin) as work:
        assert (await service.unsilence(work, AlertRef(alert_id=alert.id))).state is AlertState.ACKNOWLEDGED
    async with hub.work(tenant.admin) as work:
        with pytest.raises(NotSilenced):
            await service.unsilence(work, AlertRef(alert_id=alert.id))
    async with hub.work(tenant.admin, read_only=True) as work:
        entries = [entry.action for entry in (await audit.browse(work, ListAudit())).items]
    assert entries[:3] == ["alerts.unsilence", "alerts.silence", "alerts.acknowledge"]


async def test_what_cannot_be_acknowledged_or_silenced_is_refused_in_words(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    await check(hub, tenant, FACT)
    alert = await newest(hub, tenant)
    for owner, alert_id in ((tenant, new_id()), (other_tenant, alert.id)):
        async with hub.work(owner.admin) as work:
            with pytest.raises(AlertNotFound):
                await service.acknowledge(work, AcknowledgeAlert(alert_id=alert_id))
    for wrong in (timedelta(seconds=-1), timedelta(days=91)):
        async with hub.work(tenant.admin) as work:
            with pytest.raises(InvalidSilence) as refused:
                await service.silence(work, SilenceAlert(alert_id=alert.id, until=work.now + wrong, reason="x"))
        assert [issue.pointer for issue in refused.value.issues] == ["/until"]
    await check(hub, tenant)
    await check(hub, tenant)
    async with hub.work(tenant.admin) as work:
        with pytest.raises(AlertIsResolved):
            await service.acknowledge(work, AcknowledgeAlert(alert_id=alert.id))


async def test_history_is_filtered_and_paged_newest_first(hub: Hub, tenant: Tenant) -> None:
    for number in range(5):
        subject = f"group:{'ab'[number % 2]}/{number}"
        async with hub.work(tenant.admin) as work:
            await settle(work, {f"tests.kind{number}"}, [Finding(f"tests.kind{number}", subject, list(Severity)[number % 4], "It is so.", "Mend it.")])
    seen: list[str] = []
    cursor: UUID | None = None
    while True:
        async with hub.work(tenant.admin, read_only=True) as work:
            page = await service.history(work, AlertHistory(limit=2, cursor=cursor))
        seen += [one.kind for one in page.items]
        if page.next_cursor is None:
            break
        cursor = UUID(page.next_cursor)
    assert seen == [f"tests.kind{number}" for number in (4, 3, 2, 1, 0)]
    async with hub.work(tenant.admin, read_only=True) as work:
        assert [one.kind for one in (await service.history(work, AlertHistory(subject="group:b"))).items] == ["tests.kind3", "tests.kind1"]
        assert [one.kind for one in (await service.history(work, AlertHistory(severities=[Severity.CRITICAL]))).items] == ["tests.kind4", "tests.kind0"]
        assert [one.severity for one in await service.browse(work, ListAlerts())] == ["critical", "critical", "high", "medium", "low"]
        assert (await service.history(work, AlertHistory(states=[AlertState.RESOLVED]))).items == []


async def test_a_resolved_alert_is_kept_for_as_long_as_its_tenant_says(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    async def resolved_long_ago(owner: Tenant, days: int) -> None:
        for findings in ((FACT,), (), ()):
            await check(hub, owner, *findings)
        async with hub.work(owner.admin) as work:
            await work.session.execute(text("UPDATE alerts SET resolved_at = now() - make_interval(days => :days)"), {"days": days})

    async def kept(owner: Tenant) -> int:
        async with hub.work(ANONYMOUS) as work:
            await service.prune(work)
        async with hub.work(owner.admin, read_only=True) as work:
            return len((await service.history(work, AlertHistory())).items)

    async def keep_for(owner: Tenant, days: int | None) -> None:
        async with hub.work(owner.admin) as work:
            await service.set_retention(work, AlertRetention(days=days))

    async with hub.work(tenant.admin, read_only=True) as work:
        assert (await service.retention(work)).days == rules.RETENTION_DAYS
    await resolved_long_ago(tenant, rules.RETENTION_DAYS - 1)
    assert await kept(tenant) == 1
    await keep_for(tenant, None)
    await resolved_long_ago(tenant, 4000)
    assert await kept(tenant) == 2
    await keep_for(tenant, 4001)
    assert await kept(tenant) == 2
    await keep_for(tenant, 3999)
    assert await kept(tenant) == 0
    await check(hub, tenant, FACT)
    async with hub.work(tenant.admin) as work:
        await work.session.execute(text("UPDATE alerts SET first_seen = now() - interval '9000 days', last_seen = now() - interval '9000 days'"))
    assert await kept(tenant) == 1, "what is not resolved is never removed"
    await resolved_long_ago(other_tenant, rules.RETENTION_DAYS + 1)
    assert await kept(other_tenant) == 0


async def test_a_halted_group_and_a_halted_version_are_alerts_until_they_are_resumed(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant, challenger_share=5_000)
    checks = AlertChecks(hub, Runtimes(hub.files).serve)

    async def found() -> dict[str, Alert]:
        await checks.run()
        async with hub.work(tenant.admin, read_only=True) as work:
            return {one.kind: one for one in await service.browse(work, ListAlerts())}

    assert await found() == {}
    async with hub.work(tenant.admin) as work:
        await halt_group(work, HaltGroup(slug=serving.group.slug, reason="wrong scores"))
    async with hub.work(tenant.admin) as work:
        await halt_version(work, HaltVersion(version_id=serving.challenger.id, reason="withdrawn"))
    alerts = await found()
    group, version = alerts[GROUP_HALTED.name], alerts[VERSION_HALTED.name]
    assert (group.severity, group.subject) == ("critical", f"group:{serving.group.slug}")
    assert group.message.startswith(f"Group {serving.group.slug} is halted")
    assert "wrong scores" in group.message
    assert (version.severity, version.subject) == ("high", f"version:{serving.challenger.id}")
    async with hub.work(tenant.admin) as work:
        await resume_group(work, ResumeGroup(slug=serving.group.slug, reason="mended"))
    await found()
    assert set(await found()) == {VERSION_HALTED.name}


async def test_one_check_that_fails_leaves_its_own_alerts_and_spoils_no_other(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant, challenger_share=5_000)
    async with hub.work(tenant.admin) as work:
        await halt_group(work, HaltGroup(slug=serving.group.slug, reason=""))
    checks = AlertChecks(hub, Runtimes(hub.files).serve)
    await checks.run()
    broken = next(one for one in checks.checks if GROUP_HALTED in one.kinds)

    async def fails(work: object) -> list[Finding]:
        await work.session.execute(text("SELECT 1 / 0"))  # type: ignore[attr-defined]
        raise AssertionError

    checks.checks[checks.checks.index(broken)] = type(broken)(broken.kinds, fails)
    for _ in range(3):
        await checks.run()
    async with hub.work(tenant.admin, read_only=True) as work:
        assert [one.kind for one in await service.browse(work, ListAlerts())] == [GROUP_HALTED.name]


async def test_who_watches_hears_of_what_people_do(hub: Hub, tenant: Tenant) -> None:
    await check(hub, tenant, FACT)
    alert = await newest(hub, tenant)
    async with aclosing(follow(hub, tenant.admin, service.TOPIC, None)) as items:
        assert (await anext(items))[1].state is AlertState.OPEN
        async with hub.work(tenant.admin) as work:
            await service.acknowledge(work, AcknowledgeAlert(alert_id=alert.id))
        assert (await anext(items))[1].state is AlertState.ACKNOWLEDGED


def test_the_states_by_rule() -> None:
    silenced = AlertStanding(AlertState.SILENCED, Severity.HIGH, NOW, silenced_until=NOW + timedelta(hours=1))
    assert not rules.found(NOW, silenced, Severity.HIGH, True).notify
    assert not rules.found(NOW + timedelta(minutes=59), silenced, Severity.LOW, True).notify
    assert rules.found(NOW + timedelta(hours=1), silenced, Severity.HIGH, False) == rules.Move(AlertState.OPEN, 0, True)
    assert rules.clean(NOW, silenced) == rules.Move(AlertState.SILENCED, 1, False)
