"""What a version could not have answered: requests of the log that lack a feature it requires."""

from collections.abc import Sequence
from datetime import timedelta

from backend.inference_log import queries
from backend.inference_log.queries import Lacking
from backend.work.unit import UnitOfWork

SPAN = timedelta(days=7)
MOST = 20_000
"""So many of the latest requests tell enough of all, and are read in a moment."""


async def lacking_requests(work: UnitOfWork, table: str, required: Sequence[str]) -> Lacking:
    """Of a group's latest requests, at most 20,000 of the last week, those that lack a required feature."""
    return await queries.lacking(work.session, table, work.now - SPAN, required, MOST)
