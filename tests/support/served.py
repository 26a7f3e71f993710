"""Two versions made once for a test file, and any number of groups of them."""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

from backend.bootstrap import open_hub
from backend.groups import service as groups
from backend.hub import Hub
from backend.settings import Settings
from schemas.groups import CreateGroup, Group, MemberRole, MemberSpec
from tests.support.group import Serving, serve_group
from tests.support.tenants import Tenant, new_tenant


@dataclass(frozen=True)
class Served:
    """A tenant with two ready versions."""

    tenant: Tenant
    serving: Serving

    async def group(self, hub: Hub, challenger_share: int = 1_000, metric: str = "brier", threshold: float = 0.5) -> Group:
        """A new group of the two."""
        champion, challenger = self.serving.champion.id, self.serving.challenger.id
        members = [
            MemberSpec(version_id=champion, role=MemberRole.CHAMPION, share=10_000 - challenger_share),
            MemberSpec(version_id=challenger, role=MemberRole.CHALLENGER, share=challenger_share),
        ]
        slug = f"g_{uuid4().hex[:10]}"
        async with hub.work(self.tenant.admin) as work:
            return await groups.create(work, CreateGroup(name=slug, slug=slug, members=members, decision_metric=metric, threshold=threshold))  # type: ignore[arg-type]


def make_served(settings: Settings) -> Served:
    """Make them, in an event loop of its own."""

    async def make() -> Served:
        async with open_hub(settings) as hub:
            tenant = await new_tenant(hub)
            return Served(tenant, await serve_group(hub, tenant))

    return asyncio.run(make())
