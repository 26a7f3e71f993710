"""Logs of all tenants, as background work refers to them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.actor import ANONYMOUS, Actor, system
from backend.hub import Hub
from backend.inference_log import repository


@dataclass(frozen=True)
class LogRef:
    """A group's log: its tenant and its table."""

    group_id: UUID
    tenant_id: UUID
    slug: str
    table_name: str

    @property
    def actor(self) -> Actor:
        """The hub itself, as actor for the log's tenant."""
        return system(self.tenant_id, "log")


async def log_refs(hub: Hub) -> list[LogRef]:
    """Return every log."""
    async with hub.work(ANONYMOUS, read_only=True) as work:
        return [ref_of(row) for row in await repository.logs(work.session)]


def ref_of(row: Any) -> LogRef:
    """Return the reference to a stored log."""
    return LogRef(row.group_id, row.tenant_id, row.slug, row.table_name)
