"""Keeps the routing table current: loaded once, then refreshed whenever the control line reports a change."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import msgspec

from backend.db.addresses import application_url
from backend.errors import HubError
from backend.hub import Hub
from backend.runtimes.served_versions import Runtimes, ServedVersion
from backend.serving.metrics import LEASE_AGE
from backend.serving.routing import repository
from backend.serving.routing.lease import Control, HaltFacts, halts_of
from backend.serving.routing.lease_thread import LeaseThread, RoutedState
from backend.serving.routing.table import GroupFacts, RoutedGroup, RoutingTable, routed

log = logging.getLogger("tiltyard.routing")

START_SECONDS = 10.0
POLLS_TO_START = 2
"""From its second poll on, waiting callers know of the process, so what it reads then is binding."""


class Routing:
    """This process's routing table. Versions are loaded and warm before a group that names them takes effect; until then it routes as before."""

    def __init__(self, hub: Hub, on_tokens: Callable[[], None] = lambda: None) -> None:
        """`on_tokens` is called when a token was revoked on any process."""
        self._hub = hub
        self._on_tokens = on_tokens
        self._runtimes = Runtimes(hub.files)
        self._refreshing = asyncio.Lock()
        self._served: dict[UUID, ServedVersion] = {}
        self._failed: dict[tuple[UUID, int, UUID], str] = {}
        """Versions that did not load for a group at a revision, and the reasons."""
        self._late: dict[UUID, GroupFacts] = {}
        self._line: LeaseThread | None = None
        self._known = RoutedState()
        self._tasks: set[asyncio.Task[None]] = set()
        self._following = False
        self.control = Control()
        self.table = RoutingTable("", {})

    @property
    def watching(self) -> bool:
        """Return whether a control line of this process keeps the table current."""
        return self._line is not None

    async def start(self) -> None:
        """Load the table and keep it current. Raises TimeoutError when PostgreSQL does not renew the lease."""
        await self.refresh()
        loop = asyncio.get_running_loop()

        def in_loop(action: Callable[[], object]) -> Callable[[], None]:
            def call() -> None:
                with suppress(RuntimeError):  # the loop is closing
                    loop.call_soon_threadsafe(action)

            return call

        settings = self._hub.settings
        address = application_url(settings.app_database_url, settings.secret_key, settings.database_url)
        self._line = LeaseThread(address, uuid4(), self.control, in_loop(self._follow), in_loop(self._on_tokens))
        self._line.tell(self._known)
        self._line.start()
        async with asyncio.timeout(START_SECONDS):
            while self._line.polls < POLLS_TO_START:  # noqa: ASYNC110  counted in another thread
                await asyncio.sleep(0.005)
        LEASE_AGE.watch(self.control)

    async def stop(self) -> None:
        """Stop the control line."""
        LEASE_AGE.forget(self.control)
        if self._line:
            await asyncio.to_thread(self._line.stop)
            self._line = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def refresh(self) -> None:
        """Update the table to the database's state, with versions loaded. Unchanged groups stay the same objects."""
        if unloaded := await self._update():
            await self._load(unloaded)
        if not self.watching and not self.control.held:  # reading took longer than a lease lasts; now there is little to read
            await self._update()

    def _follow(self) -> None:
        """Update, unless an update is running: the next poll reports again. Loading goes on in parallel and delays no other group."""
        if not self._following:
            self._following = True
            self._spawn(self._update_quietly())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _update_quietly(self) -> None:
        try:
            if unloaded := await self._update():
                self._spawn(self._load_quietly(unloaded))
        except Exception as error:
            log.warning("the routing table could not be read (%s); the next poll tries again", type(error).__name__)
        finally:
            self._following = False

    async def _load_quietly(self, unloaded: Sequence[GroupFacts]) -> None:
        with suppress(Exception):  # the next poll reports again that this group is late
            await self._load(unloaded)

    async def _update(self) -> list[GroupFacts]:
        """Read the changes and route by them as far as versions are loaded. Return the groups with versions left to load."""
        async with self._refreshing:
            sent = time.monotonic()
            async with self._hub.engine.connect() as connection:
                at, stamp, halted = await repository.routing_state(connection)
                changed = stamp != self.table.stamp
                rows = await repository.routing_table(connection) if changed or self._late else None
            self.control.hear(at, halts_of(msgspec.convert(halted, list[HaltFacts])))
            unloaded = self._route(stamp, rows) if rows is not None else []
            if self._line is None:
                self.control.renew(sent, current=True)  # with a control line, only PostgreSQL's polls renew the lease
            self._known = RoutedState(at, stamp, tuple(self._late), tuple(self._served), self._failures())
            if self._line:
                self._line.tell(self._known)
            return unloaded

    def _route(self, stamp: str, rows: list[dict[str, Any]]) -> list[GroupFacts]:
        groups: dict[tuple[UUID, str], RoutedGroup] = {}
        unloaded: list[GroupFacts] = []
        late: dict[UUID, GroupFacts] = {}
        needed: set[UUID] = set()
        for row in rows:
            try:
                facts = msgspec.convert(row, GroupFacts, strict=False)
                needed.update(_needed(facts))
                if self._unloaded(facts, _needed(facts)):
                    unloaded.append(facts)
                found = self._group(facts)
            except Exception:  # one unreadable group must not keep the others from their changes
                log.exception("group %s cannot be routed", row["slug"])
                continue
            if found is None or found.facts.revision != facts.revision:
                late[facts.group_id] = facts
            if found is not None:
                groups[facts.tenant_id, facts.slug] = found
        self._late = late
        self._served = {version_id: served for version_id, served in self._served.items() if version_id in needed}
        self._failed = {one: why for one, why in self._failed.items() if one[2] in needed}
        self.table = RoutingTable(stamp, groups)
        return unloaded

    def _group(self, facts: GroupFacts) -> RoutedGroup | None:
        """Return the current group if its members are loaded, else the earlier one, if any."""
        before = self.table.groups.get((facts.tenant_id, facts.slug))
        if before is not None and before.facts.group_id != facts.group_id:
            before = None
        if before is not None and before.facts.revision == facts.revision:
            return before
        members = {member.version_id for member in facts.members}
        if self._unloaded(facts, members):
            return before
        served = {version_id: self._served[version_id] for version_id in members if version_id in self._served}
        known = {spec.name: spec for version in facts.versions for spec in version.specs()}
        return routed(facts, served, known)

    def _unloaded(self, facts: GroupFacts, wanted: Iterable[UUID]) -> list[UUID]:
        return [one for one in wanted if one not in self._served and (facts.group_id, facts.revision, one) not in self._failed]

    def _failures(self) -> tuple[tuple[UUID, str], ...]:
        """Return why versions did not load, once each, without those that have loaded for another group or since."""
        return tuple({one[2]: why for one, why in self._failed.items() if one[2] not in self._served}.items())

    async def _load(self, unloaded: Sequence[GroupFacts]) -> None:
        """Load what these groups need: their members, then the versions kept warm for a rollback. Then route by it."""
        for facts in unloaded:
            versions = {version.id: version for version in facts.versions}
            for version_id in self._unloaded(facts, _needed(facts)):
                try:
                    self._served[version_id] = await self._runtimes.serve(versions[version_id])
                except Exception as error:
                    log.exception("version %s of group %s does not load; the champion answers for it, unless it is a shadow", version_id, facts.slug)
                    self._failed[facts.group_id, facts.revision, version_id] = _why(error)
        await self._update()


def _why(error: Exception) -> str:
    return error.message[:500] if isinstance(error, HubError) else f"{type(error).__name__}; the process's log says more."


def _needed(facts: GroupFacts) -> list[UUID]:
    """Return the versions to load, members first."""
    return list(dict.fromkeys([*(member.version_id for member in facts.members), *facts.keep]))
