"""Checks the slices' declared alerts for every tenant."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from backend.actor import ANONYMOUS, system
from backend.alerts import service
from backend.alerts.settle import settle
from backend.declarations.alerts import Check, CheckContext, Finding
from backend.hub import Hub
from backend.slices import SLICES, Slice
from backend.work.unit import UnitOfWork

log = logging.getLogger("tiltyard.alerts")


class AlertChecks:
    """The checks of a worker process; a check may keep state between calls."""

    def __init__(self, hub: Hub, load: Callable[[Any], Awaitable[object]], slices: Sequence[Slice] = SLICES) -> None:
        """`load` loads a version as serving does."""
        self._hub = hub
        context = CheckContext(hub, load)
        self.checks: list[Check[UnitOfWork]] = [check for one in slices if one.checks is not None for check in one.checks(context)]

    async def run(self) -> None:
        """Run all checks. A failed check leaves its alerts unchanged."""
        async with self._hub.work(ANONYMOUS, read_only=True) as work:
            tenants = await service.tenants(work)
        for tenant_id, alerted in tenants.items():
            try:
                await self._check_tenant(tenant_id, alerted)
            except Exception:  # one tenant's failure must not hide another's alerts
                log.exception("the alerts of tenant %s could not be checked", tenant_id)

    async def _check_tenant(self, tenant_id: UUID, alerted: bool) -> None:
        actor = system(tenant_id, "watch")
        kinds: set[str] = set()
        findings: list[Finding] = []
        async with self._hub.work(actor, read_only=True) as work:
            for check in self.checks:
                found = await self._find(work, check)
                if found is not None:
                    kinds.update(kind.name for kind in check.kinds)
                    findings += found
        if findings or alerted:
            async with self._hub.work(actor) as work:
                await settle(work, kinds, findings)

    async def _find(self, work: UnitOfWork, check: Check[UnitOfWork]) -> Sequence[Finding] | None:
        """Return a check's findings; None when it failed, which leaves the other checks alone."""
        try:
            async with work.session.begin_nested():
                return await check.find(work)
        except Exception:
            log.exception("%s of tenant %s could not be checked", ", ".join(kind.name for kind in check.kinds), work.tenant_id)
            return None
