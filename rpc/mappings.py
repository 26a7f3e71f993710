"""Remembered mappings: each reads the files of one shape."""

from backend.access.permissions import P
from backend.importing import remembered_mappings
from backend.importing.errors import MappingNotFound
from rpc.core import Router
from rpc.host import Call
from schemas.mapping import ListMappings, MappingRef, SavedMapping

mappings = Router("mappings")


@mappings.query(permission=P.CATALOG_MODEL_READ)
async def list_(ctx: Call, input: ListMappings) -> list[SavedMapping]:
    """Return remembered mappings, the latest used first."""
    return await remembered_mappings.list_mappings(ctx.work, input)


@mappings.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(MappingNotFound,))
async def revoke(ctx: Call, input: MappingRef) -> SavedMapping:
    """Stop using a mapping: files of its shape are read anew. Earlier imports with it stay unchanged."""
    return await remembered_mappings.revoke(ctx.work, input)
