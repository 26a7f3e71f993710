"""What is decided on the demo's scores: the rule of each version, what decisions are worth, and what persons finally decide."""

import random
import threading
from collections import deque
from datetime import UTC, datetime
from typing import Any

from demo.dataset import SEED
from demo.hub import Hub

RULE: dict[str, Any] = {
    "on": "probability",
    "bands": [{"decision": "approve", "below": 0.17}, {"decision": "refer", "below": 0.3}, {"decision": "decline"}],
}
"""A missed payment costs five times what a good client earns, so that a risk of one in six is the edge of what pays."""
EARNS, COSTS, REVIEW = 100.0, -500.0, -10.0
VALUE_TABLE = {
    "currency": "TWD",
    "lowest": COSTS,
    "highest": EARNS,
    "entries": [
        {"decision": "approve", "outcome": "good", "worth": {"constant": EARNS}},
        {"decision": "approve", "outcome": "bad", "worth": {"constant": COSTS}},
        {"decision": "refer", "outcome": "any", "worth": {"constant": REVIEW}},
        {"decision": "decline", "outcome": "any", "worth": {"constant": 0.0}},
    ],
}
DESKS = ("desk north", "desk south")
OVERRIDE_SHARE = 0.03
REFERRED_APPROVED = 0.45
AT_MOST = 1_000


class Decisions:
    """Final decisions: most follow the recommendation by policy; a desk settles what was referred, and now and then decides otherwise."""

    def __init__(self, hub: Hub, group: str) -> None:
        """Decisions on this group's inferences."""
        self.told = 0
        self._hub, self._group = hub, group
        self._lock = threading.Lock()
        self._waiting: deque[dict[str, Any]] = deque()
        self._draw = random.Random(SEED)  # noqa: S311 (whom a desk approves is no secret)

    def expect(self, inference_id: str, recommended: str | None) -> None:
        """Take a final decision, to be told with the next batch. Without a recommendation nobody decides."""
        if recommended is not None:
            with self._lock:
                self._waiting.append({"inference_id": inference_id, "at": datetime.now(UTC).isoformat(), **self._decide(recommended)})

    def tell(self) -> None:
        """Send what was decided."""
        while batch := self._take():
            self._hub.post("/v1/decisions", {"slug": self._group, "decisions": batch})
            self.told += len(batch)

    def _decide(self, recommended: str) -> dict[str, Any]:
        desk = {"by": "credit officer", "kind": "person", "group": self._draw.choice(DESKS)}
        if recommended == "refer":
            return {"decision": "approve" if self._draw.random() < REFERRED_APPROVED else "decline", "reason": "reviewed", **desk}
        if self._draw.random() < OVERRIDE_SHARE:
            approved = recommended == "decline"
            return {"decision": "approve" if approved else "decline", "reason": "known client" if approved else "recent arrears", **desk}
        return {"decision": recommended, "by": "cut-off policy", "kind": "policy"}

    def _take(self) -> list[dict[str, Any]]:
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(AT_MOST, len(self._waiting)))]
