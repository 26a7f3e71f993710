"""Readings of personal data that the audit log keeps: once in a while for who looks again and again."""

import time
from collections import OrderedDict
from collections.abc import Hashable

AGAIN_SECONDS = 15 * 60.0
"""So long one entry stands for the same person looking at the same thing."""
MOST_KEPT = 10_000


class RecentReads:
    """What this process has kept of late."""

    def __init__(self) -> None:
        self._at: OrderedDict[Hashable, float] = OrderedDict()

    def is_new(self, key: Hashable) -> bool:
        """Is there no entry yet that stands for this reading?"""
        return time.monotonic() - self._at.get(key, -AGAIN_SECONDS) >= AGAIN_SECONDS

    def kept(self, key: Hashable) -> None:
        """There is one now."""
        self._at[key] = time.monotonic()
        self._at.move_to_end(key)
        if len(self._at) > MOST_KEPT:
            self._at.popitem(last=False)


recent = RecentReads()
