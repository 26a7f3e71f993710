"""The interpreter's search for cycles, in processes that serve."""

import gc

YOUNG = 20_000
"""So many containers more than were let go, and the young ones are searched."""


def collect_less() -> None:
    """Search no more what is loaded by now, and the rest less often.

    Requests and batches make many objects that live for a moment, and hardly a cycle. Python's own setting searched everything, libraries included,
    every few seconds: 100 to 200 ms in which nobody was answered, and a fifth of the time of a drain.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)
