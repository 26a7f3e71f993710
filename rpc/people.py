"""The people of a tenant."""

from backend.access import service
from backend.access.errors import EmailTaken, LastAdministrator, PersonNotFound
from backend.access.permissions import P
from rpc.core import Router
from rpc.host import Call
from schemas.access import CreatePerson, Person, PersonRef, SetRoles

people = Router("people")


@people.query(permission=P.ACCESS_PERSON_READ)
async def list_(ctx: Call) -> list[Person]:
    """Everybody in the tenant, by name."""
    return await service.list_people(ctx.work)


@people.mutation(permission=P.ACCESS_PERSON_MANAGE, errors=(EmailTaken,))
async def create(ctx: Call, input: CreatePerson) -> Person:
    """Add a person with a first password."""
    return await service.create_person(ctx.work, input)


@people.mutation(permission=P.ACCESS_PERSON_MANAGE, errors=(PersonNotFound, LastAdministrator))
async def set_roles(ctx: Call, input: SetRoles) -> Person:
    """Replace a person's roles."""
    return await service.set_roles(ctx.work, input)


@people.mutation(permission=P.ACCESS_PERSON_MANAGE, errors=(PersonNotFound, LastAdministrator))
async def disable(ctx: Call, input: PersonRef) -> Person:
    """Take a person's access away, their tokens' too."""
    return await service.disable_person(ctx.work, input)
