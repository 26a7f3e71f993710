"""Keeping the routing table true: loaded once, then refreshed on PostgreSQL's NOTIFY and by a poll that does not depend on it."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from backend.inference import repository
from backend.inference.features import specs_of
from backend.inference.routing.table import GroupFacts, RoutedGroup, RoutingTable, routed
from backend.inference.versions import Runtimes, ServedVersion

if TYPE_CHECKING:
    from backend.bootstrap import Hub

log = logging.getLogger("tiltyard.routing")

POLL_SECONDS = 0.2
ROUTING = "tiltyard_routing"
TOKENS = "tiltyard_tokens"


class Routing:
    """This process's routing table. Versions are loaded and warm before a table that names them takes effect."""

    def __init__(self, hub: "Hub", on_tokens: Callable[[], None] = lambda: None) -> None:
        """`on_tokens` is called when a token was revoked somewhere."""
        self._hub = hub
        self._on_tokens = on_tokens
        self._runtimes = Runtimes(hub.files)
        self._refreshing = asyncio.Lock()
        self._woken = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self.table = RoutingTable("", {})

    @property
    def watching(self) -> bool:
        """Is the table kept true by a watcher?"""
        return self._watching is not None

    async def start(self) -> None:
        """Load the table and watch over it."""
        await self.refresh()
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Stop watching."""
        if self._watching:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
            self._watching = None

    async def refresh(self) -> None:
        """Bring the table up to what the database says now. Groups whose phase is the same are kept as they are."""
        async with self._refreshing:
            async with self._hub.engine.connect() as connection:
                stamp = await repository.routing_stamp(connection)
                if stamp == self.table.stamp:
                    return
                rows = await repository.routing_table(connection)
            groups: dict[tuple[UUID, str], RoutedGroup] = {}
            for row in rows:
                key = (row["tenant_id"], row["slug"])
                try:
                    groups[key] = await self._group(msgspec.convert(row, GroupFacts, strict=False))
                except Exception:  # one group that cannot be read must not keep the others from their changes
                    log.exception("group %s cannot be routed", row["slug"])
            self.table = RoutingTable(stamp, groups)

    async def _group(self, facts: GroupFacts) -> RoutedGroup:
        before = self.table.groups.get((facts.tenant_id, facts.slug))
        if before and before.facts.group_id == facts.group_id and before.facts.phase == facts.phase:
            return before
        serving = {member.version_id for member in facts.members}
        served: dict[UUID, ServedVersion] = {}
        for version in facts.versions:
            if version.id in serving:
                try:
                    served[version.id] = await self._runtimes.serve(version)
                except Exception:
                    log.exception("version %s of group %s does not load; the champion answers for it, unless it is a shadow", version.id, facts.slug)
        known = {spec.name: spec for version in facts.versions for spec in specs_of(version.artifact.features, version.features)}
        return routed(facts, served, known)

    async def _watch(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:
                log.warning("the routing watch lost PostgreSQL (%s) and tries again", type(error).__name__)
            self._on_tokens()
            await asyncio.sleep(POLL_SECONDS)

    async def _listen(self) -> None:
        async with self._hub.engine.connect() as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            try:
                await raw.add_listener(ROUTING, self._wake)
                await raw.add_listener(TOKENS, self._tokens_changed)
                while True:
                    self._woken.clear()
                    if await asyncio.wait_for(raw.fetchval("SELECT routing_stamp()"), 5) != self.table.stamp:
                        await self.refresh()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)
            finally:
                await connection.invalidate()  # its listeners must not go back to the pool

    def _wake(self, *_: object) -> None:
        self._woken.set()

    def _tokens_changed(self, *_: object) -> None:
        self._on_tokens()
