"""The clockwork: each schedule has its own task, so that none waits for a run or another schedule."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from backend.actor import ANONYMOUS, system
from backend.errors import HubError
from backend.hub import Hub
from backend.runs import ticks
from backend.runs.context import Tick
from backend.runs.cron import next_tick, zone
from backend.runs.kinds import Schedule, Scope
from backend.runs.process import Process
from backend.settings import BadSetting

log = logging.getLogger("tiltyard.worker")
NAP_SECONDS = 1.0
"""Seconds. The longest sleep between two looks at the clock: the hub's time may be moved."""
EARLY_SECONDS = 0.02
"""Seconds. A tick is claimed this much late: this process's reading of the hub's time may be ahead of PostgreSQL's."""


class Clockwork:
    """Runs the schedules in one worker process."""

    def __init__(self, hub: Hub, schedules: Mapping[str, Schedule], worker_id: str, process: Process) -> None:
        self._hub, self._worker_id, self._process = hub, worker_id, process
        self._schedules = schedules
        self._hub_zone = zone(hub.settings.time_zone)
        self._unknown: set[str] = set()

    async def keep(self) -> None:
        """Run every schedule until cancelled."""
        async with asyncio.TaskGroup() as group:
            for schedule in self._schedules.values():
                group.create_task(self._keep(schedule), name=schedule.name)

    async def _keep(self, schedule: Schedule) -> None:
        done: dict[UUID | None, datetime | None] = {}
        while True:
            try:
                await self._next(schedule, done)
            except Exception:  # PostgreSQL may be unavailable
                log.exception("schedule %s failed", schedule.name)
                await asyncio.sleep(NAP_SECONDS)

    async def _next(self, schedule: Schedule, done: dict[UUID | None, datetime | None]) -> None:
        """Wait for the next tick of any scope, and run it if this worker claims it."""
        zones = await self._scopes(schedule)
        for scope in zones.keys() - done.keys():
            async with self._hub.work(ANONYMOUS, read_only=True) as work:
                done[scope] = await ticks.newest(work, schedule.name, scope)
        if not zones:
            await asyncio.sleep(NAP_SECONDS)
            return
        now = self._hub.clock.now()
        due = {scope: next_tick(schedule, done[scope], now, self._zone_of(name)) for scope, name in zones.items()}
        moment = min(due.values())
        if not await self._wait_until(moment, most=NAP_SECONDS * 30 if schedule.scope is Scope.TENANT else None):
            return
        for scope in [scope for scope, at in due.items() if at == moment]:
            done[scope] = moment
            await self._run(schedule, scope, moment)

    async def _scopes(self, schedule: Schedule) -> dict[UUID | None, str | None]:
        if schedule.scope is Scope.HUB:
            return {None: None}
        async with self._hub.work(ANONYMOUS, read_only=True) as work:
            return await ticks.zones(work)

    def _zone_of(self, name: str | None) -> ZoneInfo:
        """Return a tenant's zone, or the hub's when it has none or this host does not know it: one tenant's zone must not stop the others' ticks."""
        if name and name not in self._unknown:
            try:
                return zone(name)
            except BadSetting as error:
                self._unknown.add(name)
                log.error("%s Its tenants' schedules use the hub's zone on this host.", error)
        return self._hub_zone

    async def _wait_until(self, moment: datetime, most: float | None) -> bool:
        """Sleep until the hub's time is past the moment. False after `most` seconds: there may be new tenants."""
        slept = 0.0
        while (left := (moment - self._hub.clock.now()).total_seconds() + EARLY_SECONDS) > 0:
            if most is not None and slept >= most:
                return False
            nap = min(left, NAP_SECONDS)
            await asyncio.sleep(nap)
            slept += nap
        return True

    async def _run(self, schedule: Schedule, scope: UUID | None, at: datetime) -> None:
        async with self._hub.work(ANONYMOUS) as work:
            if not await ticks.claim(work, schedule.name, scope, at, self._worker_id):
                return
        actor = system(scope, schedule.name) if scope else ANONYMOUS
        try:
            async with asyncio.timeout(schedule.timeout.total_seconds()):
                await schedule.handler(Tick(self._hub, actor, at, self._process, scope))
        except Exception as error:
            trace = None if isinstance(error, HubError | TimeoutError) else error
            log.error("schedule %s failed at its tick %s: %r", schedule.name, at.isoformat(), error, exc_info=trace)
