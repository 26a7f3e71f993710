"""The checks: facts gathered for every tenant, alerts settled with them."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import UUID

from backend.actor import ANONYMOUS, system
from backend.alerts import facts, rules, service
from backend.alerts.rules import Finding
from backend.groups import service as groups
from backend.groups.events import GROUP_CHANGED
from backend.hub import Hub
from backend.inference_log.events import EXPLANATIONS_DOUBTED
from backend.live import service as live
from backend.promotion import ramp
from backend.runs import service as runs
from backend.work.unit import UnitOfWork
from schemas.groups import Group

log = logging.getLogger("tiltyard.alerts")
DOUBT_LASTS = timedelta(hours=1)
SETTLED = timedelta(seconds=5)
FIRST_SECONDS = runs.SILENCE.total_seconds() + 5.0
"""A hub that starts gives its workers this long to report."""
EVERY_SECONDS = 10.0


async def check_workers(hub: Hub) -> bool:
    """Is any worker alive? If not, every tenant is alerted. Asked by the API processes: a worker cannot tell of its own absence."""
    async with hub.work(ANONYMOUS, read_only=True) as work:
        alive = any(worker.alive for worker in await runs.workers(work))
        tenants = await service.tenants(work)
    findings = [] if alive else [rules.no_worker()]
    for tenant_id, alerted in tenants.items():
        if alerted or findings:
            async with hub.work(system(tenant_id, "watch")) as work:
                await service.settle(work, {rules.NO_WORKER}, findings)
    return alive


@asynccontextmanager
async def watch_workers(hub: Hub) -> AsyncIterator[None]:
    """Ask for living workers every ten seconds, for as long as the block lasts."""

    async def watch() -> None:
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            try:
                await check_workers(hub)
            except Exception as error:  # PostgreSQL may be away: the next time tells
                log.warning("nobody can tell whether a worker is alive (%s)", type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


class Checks:
    """What a worker process checks, and what it remembers from one time to the next."""

    def __init__(self, hub: Hub, load: facts.Load) -> None:
        """`load` loads a version as serving does."""
        self._hub = hub
        self._loading = facts.Loading(hub, load)
        self._ratios: dict[UUID, tuple[tuple[int, int], list[Finding]]] = {}
        """For each group the event and the phase at which its traffic was last counted, and what was found."""

    async def run(self) -> None:
        """Check everything. What cannot be checked keeps the alerts it has."""
        async with self._hub.work(ANONYMOUS, read_only=True) as work:
            tenants = await service.tenants(work)
        dead = await self._dead_letters()
        for tenant_id, alerted in tenants.items():
            try:
                await self._check_tenant(tenant_id, alerted, None if dead is None else dead[tenant_id])
            except Exception:  # one tenant's trouble must not hide another's
                log.exception("the alerts of tenant %s could not be checked", tenant_id)

    async def _dead_letters(self) -> defaultdict[UUID, list[Finding]] | None:
        found: defaultdict[UUID, list[Finding]] = defaultdict(list)
        try:
            for ref, count in await facts.dead_letters(self._hub):
                found[ref.tenant_id].append(rules.dead_letters(ref.slug, count))
        except Exception:
            log.exception("dead letters could not be counted")
            return None
        return found

    async def _check_tenant(self, tenant_id: UUID, alerted: bool, dead: Sequence[Finding] | None) -> None:
        kinds = {rules.RAMP_ROLLED_BACK, rules.RESIDUAL, rules.SAMPLE_RATIO, rules.UNLOADABLE}
        actor = system(tenant_id, "watch")
        async with self._hub.work(actor, read_only=True) as work:
            findings = await self._of_groups(work)
        if dead is not None:
            kinds.add(rules.DEAD_LETTERS)
            findings += dead
        if findings or alerted:
            async with self._hub.work(actor) as work:
                await service.settle(work, kinds, findings)

    async def _of_groups(self, work: UnitOfWork) -> list[Finding]:
        there = await groups.list_groups(work)
        if not there:
            return []
        changed = await live.newest(work, GROUP_CHANGED)
        doubted = await live.newest(work, EXPLANATIONS_DOUBTED, since=work.now - DOUBT_LASTS)
        findings = [rules.ramp_rolled_back(*said) for said in await ramp.rolled_back(work)]
        for group in there:
            findings += await self._unloadable(work, group)
            findings += await self._ratio(work, group, changed.get(group.slug))
            if group.slug in doubted:
                findings.append(rules.residual(group.slug, doubted[group.slug].payload))
        return findings

    async def _unloadable(self, work: UnitOfWork, group: Group) -> list[Finding]:
        troubles = [(member, await self._loading.trouble(work, member.version_id)) for member in group.phase.members]
        return [rules.unloadable(group.slug, member.label, str(member.version_id), why) for member, why in troubles if why]

    async def _ratio(self, work: UnitOfWork, group: Group, event: live.Noticed | None) -> list[Finding]:
        """Counted anew only when something landed in the group since the last time. A young event may stand for more that is still to come."""
        stamp = (event.seq if event else 0, group.phase.number)
        known = self._ratios.get(group.id)
        if known is not None and known[0] == stamp:
            return known[1]
        off = await facts.mismatch(work, group)
        found = [rules.sample_ratio(group.slug, group.phase.number, off)] if off else []
        if event is None or event.age > SETTLED:
            self._ratios[group.id] = (stamp, found)
        return found
