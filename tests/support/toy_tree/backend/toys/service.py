"""Toys are made, and weighed by a worker."""

from collections.abc import Sequence
from uuid import UUID

from backend.ids import new_id
from backend.runs import service as runs
from backend.toys import actions, repository
from backend.toys.events import TOY_CHANGED
from backend.toys.tables import ToyRow
from backend.work.unit import UnitOfWork
from schemas.toys import MakeToy, Toy

WEIGH_RUN = "toys.weigh"


async def make(work: UnitOfWork, input: MakeToy) -> Toy:
    """Make a toy; a run weighs it."""
    row = ToyRow(id=new_id(), tenant_id=work.tenant_id, name=input.name, size=input.size)
    work.session.add(row)
    await work.session.flush()
    await runs.start(work, WEIGH_RUN, f"toy:{row.id}", {"toy_id": str(row.id)})
    toy = _told(work, row)
    work.audit(actions.TOYS_MAKE, f"toy:{row.id}", after=toy)
    return toy


async def weigh(work: UnitOfWork, toy_id: UUID) -> Toy:
    """A toy weighs twice its size."""
    row = await repository.get(work.session, work.tenant_id, toy_id)
    row.weight = 2 * row.size
    return _told(work, row)


async def heavier(work: UnitOfWork, weight: int) -> Sequence[Toy]:
    """The toys above a weight."""
    return [_toy(row) for row in await repository.heavier(work.session, work.tenant_id, weight)]


def _told(work: UnitOfWork, row: ToyRow) -> Toy:
    toy = _toy(row)
    work.live(TOY_CHANGED, str(toy.id), toy)
    return toy


def _toy(row: ToyRow) -> Toy:
    return Toy(id=row.id, name=row.name, size=row.size, weight=row.weight)
