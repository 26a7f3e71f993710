"""Sends requests: a first pass over several connections as fast as the hub answers, then a steady slow rate."""

import queue
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from demo.dataset import Clients
from demo.hub import Hub, Refused
from demo.outcomes import Outcomes
from demo.requests import Call, body, first_pass, replay

CONNECTIONS = 8
TRICKLE_PER_SECOND = 20
Progress = Callable[[int], None]


class Traffic:
    """Predictions about the traffic's clients, and their outcomes."""

    def __init__(self, hub: Hub, group: str, clients: Clients, stop: threading.Event) -> None:
        """Send to one group."""
        self.answered = 0
        self.outcomes = Outcomes(hub, group)
        self._hub, self._clients, self._stop = hub, clients, stop
        self._path = f"/v1/groups/{group}/predict"
        self._lock = threading.Lock()

    def first_pass(self, count: int, progress: Progress) -> None:
        """Send `count` predictions over 8 connections. Raises Refused when the hub refuses one."""
        waiting: queue.SimpleQueue[Call] = queue.SimpleQueue()
        for call in first_pass(self._clients, count):
            waiting.put(call)
        troubles: list[Exception] = []
        senders = [threading.Thread(target=self._send_all, args=(waiting, troubles), daemon=True) for _ in range(CONNECTIONS)]
        for sender in senders:
            sender.start()
        while any(sender.is_alive() for sender in senders):
            time.sleep(0.2)
            progress(self.answered)
        if troubles:
            raise troubles[0]

    def trickle(self) -> None:
        """Send the same clients again, 20 per second, until stopped."""
        self._pace(replay(self._clients, f"{datetime.now(UTC):%y%m%d%H%M%S}"))

    def _pace(self, calls: Iterable[Call]) -> None:
        due = time.monotonic()
        for call in calls:
            due = max(due + 1 / TRICKLE_PER_SECOND, time.monotonic() - 1)
            if self._stop.wait(max(0.0, due - time.monotonic())):
                return
            try:
                self._send(call)
            except Refused as refused:  # somebody changed or deleted the group: the demo continues when it accepts predictions again
                print(f"A prediction was refused: {refused}", flush=True)
                self._stop.wait(5)

    def _send_all(self, waiting: "queue.SimpleQueue[Call]", troubles: list[Exception]) -> None:
        try:
            while not troubles and not self._stop.is_set():
                self._send(waiting.get_nowait())
        except queue.Empty:
            return
        except Exception as trouble:  # the caller raises a thread's exception
            troubles.append(trouble)

    def _send(self, call: Call) -> None:
        answer = self._hub.post(self._path, body(self._clients, call))
        predictions = answer["predictions"] if call.batch else [answer]
        for position, prediction in zip(call.clients, predictions, strict=True):
            self.outcomes.expect(prediction["inference_id"], float(self._clients.defaulted[position]))
            self.outcomes.decisions.expect(prediction["inference_id"], prediction["decision"])
        with self._lock:
            self.answered += len(predictions)
