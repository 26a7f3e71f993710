"""Toys."""

from backend.access.permissions import P
from backend.toys import service
from rpc.core import Router
from rpc.host import Call
from schemas.toys import MakeToy, Toy

toys = Router("toys")


@toys.mutation(permission=P.TOY_TOY_MAKE)
async def make(ctx: Call, input: MakeToy) -> Toy:
    """Make a toy."""
    return await service.make(ctx.work, input)
