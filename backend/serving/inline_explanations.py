"""Explanations within answers: simultaneous ones are made together, beside the event loop."""

import asyncio
import logging
import math
import time
from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

from backend.batching import Batcher
from backend.runtimes.served_versions import ServedVersion, explanations
from backend.serving.prepare import Case
from backend.serving.scoring import by_version

log = logging.getLogger("tiltyard.inference")
QUICK_SECONDS = 0.001
"""Seconds. A row explained in less time delays nobody."""
BATCHES = 2
"""Explanations of a version that are made at once: while one waits for the interpreter, the other computes."""


class Waiting(NamedTuple):
    """A scored case, and the caller waiting for its explanation."""

    case: Case
    done: "asyncio.Future[None]"

    def succeed(self) -> None:
        """Let the request continue, unless the caller has left."""
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, error: Exception) -> None:
        """Answer without the explanation: the drain makes it."""
        self.succeed()


class Inline:
    """Explains scored cases before they are answered."""

    def __init__(self) -> None:
        self._seconds: WeakKeyDictionary[ServedVersion, float] = WeakKeyDictionary()
        """How long each version last took to explain a row."""
        self._gatherings: WeakKeyDictionary[ServedVersion, Batcher[Waiting]] = WeakKeyDictionary()

    async def explain(self, cases: Sequence[Case]) -> None:
        """Return once the cases are explained: a batch in its own thread, one case together with others of its version."""
        if len(cases) > 1:
            await asyncio.to_thread(explain, cases)
            return
        one = Waiting(cases[0], asyncio.get_running_loop().create_future())
        if (gathering := self._gatherings.get(one.case.version)) is None:
            gathering = self._gatherings[one.case.version] = Batcher(self._explain, BATCHES)
        gathering.add(one)
        await one.done

    async def _explain(self, batch: Sequence[Waiting]) -> None:
        """Explain at once when it is one row and its version takes less time than a thread switch; else in a thread."""
        version = batch[0].case.version
        cases = [one.case for one in batch]
        if len(batch) == 1 and self._seconds.get(version, math.inf) < QUICK_SECONDS:
            self._seconds[version] = _timed(cases)
        else:
            self._seconds[version] = await asyncio.to_thread(_timed, cases)
        for one in batch:
            one.succeed()


def _timed(cases: Sequence[Case]) -> float:
    """Explain, and return the processor time in seconds per row. Other load on the machine does not count."""
    started = time.thread_time()
    explain(cases)
    return (time.thread_time() - started) / len(cases)


def explain(cases: Sequence[Case]) -> None:
    """Explain scored cases; call it in a thread. Failing versions, and those without inline explanations, leave their cases to the drain."""
    for mine in by_version(cases).values():
        version = mine[0].version
        if not version.runtime.in_line:
            continue
        try:
            batch = version.explain(version.matrix([case.row for case in mine]), [case.margin for case in mine])
        except Exception:
            log.exception("%s does not explain in line; the drain tries again", version.label)
            continue
        for case, explanation in zip(mine, explanations(version, batch), strict=True):
            case.explanation = explanation
