"""Notifies watchers of explanations that do not add up."""

from collections.abc import Iterable
from datetime import timedelta

from backend.inference_log.events import EXPLANATIONS_DOUBTED, ExplanationsDoubted
from backend.runtimes.served_versions import DOUBT
from backend.work.unit import UnitOfWork
from schemas.inference import Explanation

TELL_EVERY = timedelta(seconds=10)


def tell_doubts(work: UnitOfWork, slug: str, explanations: Iterable[Explanation | None]) -> None:
    """Notify watchers, at most once in ten seconds, when some of a group's explanations are marked."""
    gaps = [abs(one.residual) for one in explanations if one is not None and one.reason == DOUBT]
    if gaps:
        work.live(EXPLANATIONS_DOUBTED, slug, ExplanationsDoubted(count=len(gaps), worst=max(gaps)), every=TELL_EVERY)
