"""A group's log: made with the group, dropped after it."""

from uuid import UUID

from backend.inference import repository
from backend.inference.tally import queries
from backend.work import UnitOfWork


async def provision(work: UnitOfWork, group_id: UUID, slug: str) -> str:
    """Make the log of a group in the caller's transaction, and give the table's name, which is kept on the group and derived nowhere else.

    The first group of a slug gets `inference_log_<slug>`; a name that is taken gets a suffix, one past 63 bytes is cut and given a hash.
    """
    del slug  # the function reads it from the group's own row: nothing a caller says names a table
    return await repository.provision(work.session, group_id, work.now)


async def drop(work: UnitOfWork, group_id: UUID) -> bool:
    """Drop a deleted group's log and its tallies; False when it is gone already."""
    await queries.forget(work.session, work.tenant_id, group_id)
    return await repository.drop_log(work.session, group_id)
