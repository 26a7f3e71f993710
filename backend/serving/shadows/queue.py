"""Shadows: versions that score a copy of each answered request, after the answer, without delaying it.

Copies wait in a bounded queue of their group. They are scored in threads and logged by their own intake. No answer shares a thread, a round trip or a
transaction with them. Copies that cannot be scored are counted.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from redis.exceptions import RedisError

from backend.hub import Hub
from backend.inference_log.intake import Intake
from backend.serving.answers import PredictionRequest
from backend.serving.language_models import Remote
from backend.serving.prepare import Case
from backend.serving.routing.refresh import Routing
from backend.serving.routing.table import RoutedGroup
from backend.serving.shadows.misses import DROPPED, add_missed
from backend.serving.shadows.scoring import Copy, ask_copies, score_copies

log = logging.getLogger("tiltyard.shadows")
GATHER_SECONDS = 0.02
"""Seconds that copies wait for others; their answers have left by then."""
MOST_WAITING = 10_000
"""Rows of one group, above which copies are dropped."""
CHUNK = 64
THREADS = 2
FINISH_SECONDS = 10.0
"""Seconds that a stopping process continues to score waiting copies."""


class ShadowQueue:
    """A group's waiting copies, and the numbers of unscored ones since the last report."""

    def __init__(self, group: RoutedGroup) -> None:
        self.group_id = group.facts.group_id
        self.copies: deque[Copy] = deque()
        self.rows = 0
        self.missed: Counter[str] = Counter()
        self.task: asyncio.Task[None] | None = None

    def add(self, copy: Copy) -> None:
        """Add a copy. When too many wait, count it as dropped instead."""
        if self.rows and self.rows + copy.rows > MOST_WAITING:
            self.missed[DROPPED] += copy.rows
            return
        self.rows += copy.rows
        self.copies.append(copy)

    def take(self) -> list[Copy]:
        """Take the next few. They count as waiting until `done`."""
        taken: list[Copy] = []
        while self.copies and sum(copy.rows for copy in taken) < CHUNK:
            taken.append(self.copies.popleft())
        return taken

    def done(self, copies: Sequence[Copy]) -> None:
        """Mark copies as scored or given up."""
        self.rows -= sum(copy.rows for copy in copies)


class Shadows:
    """The shadows of this process."""

    def __init__(self, hub: Hub, routing: Routing, remote: Remote) -> None:
        self._hub = hub
        self._routing = routing
        self._remote = remote
        self._intake = Intake(hub)
        self._queues: dict[UUID, ShadowQueue] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="shadow")

    def offer(self, request: PredictionRequest, cases: Sequence[Case]) -> None:
        """Let the group's shadows score an answered request. Returns at once."""
        if not request.group.shadows:
            return
        queue = self._queues.setdefault(request.group.facts.group_id, ShadowQueue(request.group))
        queue.add(Copy(request, cases))
        if queue.task is None:
            queue.task = asyncio.create_task(self._run(queue))

    async def close(self) -> None:
        """Finish waiting copies; those that take too long are given up and counted."""
        running = {queue.task: queue for queue in self._queues.values() if queue.task}
        _, late = await asyncio.wait(running, timeout=FINISH_SECONDS) if running else (set(), set())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for task in late:
            running[task].missed[DROPPED] += running[task].rows
            await self._tell(running[task])
        await self._intake.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, queue: ShadowQueue) -> None:
        try:
            await asyncio.sleep(GATHER_SECONDS)
            while queue.copies or queue.missed:
                copies = queue.take()
                try:
                    await self._score(queue, copies)
                except Exception:  # an error of the hub; a version's error is in its row
                    log.exception("%s copies of group %s are not on record", len(copies), queue.group_id)
                    queue.missed[DROPPED] += sum(copy.rows for copy in copies)
                queue.done(copies)
                await self._tell(queue)
        finally:
            del self._queues[queue.group_id]

    async def _score(self, queue: ShadowQueue, copies: Sequence[Copy]) -> None:
        if not copies or not self._in_use(copies[0].request):
            return
        records, missed = await asyncio.get_running_loop().run_in_executor(self._threads, score_copies, copies, self._routing.control.halts.versions)
        elsewhere, more_missed = await ask_copies(copies, self._remote, self._routing.control.halts.versions)
        if records or elsewhere:
            await self._intake.append(queue.group_id, [*records, *elsewhere])
        queue.missed += missed + more_missed

    def _in_use(self, request: PredictionRequest) -> bool:
        """Return whether the group still exists. A deleted group's log is being closed."""
        now = self._routing.table.find(request.actor.tenant_id, request.group.facts.slug)
        return now is not None and now.facts.group_id == request.group.facts.group_id

    async def _tell(self, queue: ShadowQueue) -> None:
        """Add to the group's counts in Redis."""
        missed, queue.missed = queue.missed, Counter()
        if not missed.total():
            return
        try:
            await add_missed(self._hub, queue.group_id, missed)
        except (RedisError, OSError):
            log.warning("what the shadows of group %s missed could not be counted: Redis is not answering", queue.group_id)
