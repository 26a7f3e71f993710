"""Reads of personal data for the audit log: one entry stands for repeated reads."""

import time
from collections import OrderedDict
from collections.abc import Hashable

AGAIN_SECONDS = 15 * 60.0
"""The time for which one entry stands for the same person's reads of the same thing."""
MOST_KEPT = 10_000


class RecentReads:
    """The reads that this process has logged recently."""

    def __init__(self) -> None:
        self._at: OrderedDict[Hashable, float] = OrderedDict()

    def is_new(self, key: Hashable) -> bool:
        """Return whether no entry stands for this read yet."""
        return time.monotonic() - self._at.get(key, -AGAIN_SECONDS) >= AGAIN_SECONDS

    def kept(self, key: Hashable) -> None:
        """Note that an entry now stands for this read."""
        self._at[key] = time.monotonic()
        self._at.move_to_end(key)
        if len(self._at) > MOST_KEPT:
            self._at.popitem(last=False)


recent = RecentReads()
