"""What was finally decided and what became of the clients: told to the hub later than the prediction, in order of time."""

import heapq
import random
import threading
import time
from datetime import UTC, datetime

from demo.dataset import SEED
from demo.decisions import Decisions
from demo.hub import Hub, Refused, Stopped

SOON_SHARE, SOON_SECONDS = 0.85, 3.0
LATE_SECONDS = (30.0, 600.0)
AT_MOST = 1_000
"""Outcomes per call."""
EVERY = 0.5


class Outcomes:
    """Outcomes waiting for their time: most arrive within seconds, the rest within ten minutes."""

    def __init__(self, hub: Hub, group: str) -> None:
        """Outcomes of this group's inferences."""
        self.told = 0
        self.decisions = Decisions(hub, group)
        self._hub, self._group = hub, group
        self._lock = threading.Lock()
        self._waiting: list[tuple[float, str, float]] = []
        self._draw = random.Random(SEED)  # noqa: S311 (delays are no secret)

    def expect(self, inference_id: str, actual: float) -> None:
        """Report an outcome to the hub later."""
        with self._lock:
            soon = self._draw.random() < SOON_SHARE
            delay = self._draw.expovariate(1 / SOON_SECONDS) if soon else self._draw.uniform(*LATE_SECONDS)
            heapq.heappush(self._waiting, (time.monotonic() + delay, inference_id, actual))

    def tell_due(self, everything: bool = False) -> None:
        """Send the final decisions, and the outcomes that are due now, or all there are."""
        self.decisions.tell()
        while batch := self._take(time.monotonic() if not everything else float("inf")):
            at = datetime.now(UTC).isoformat()
            outcomes = [{"inference_id": inference_id, "actual": actual, "at": at} for _, inference_id, actual in batch]
            self._hub.post("/v1/outcomes", {"slug": self._group, "outcomes": outcomes})
            self.told += len(batch)

    def tell_until(self, stop: threading.Event) -> None:
        """Send due outcomes until stopped."""
        while not stop.wait(EVERY):
            try:
                self.tell_due()
            except Refused as refused:  # for example the group was deleted: later outcomes may be accepted again
                print(f"Outcomes were refused: {refused}", flush=True)
            except Stopped:
                return

    def _take(self, now: float) -> list[tuple[float, str, float]]:
        with self._lock:
            batch: list[tuple[float, str, float]] = []
            while self._waiting and self._waiting[0][0] <= now and len(batch) < AT_MOST:
                batch.append(heapq.heappop(self._waiting))
            return batch
