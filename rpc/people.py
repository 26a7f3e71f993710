"""The people of a tenant."""

from backend.access import passwords
from backend.access import people as service
from backend.access.errors import EmailTaken, LastAdministrator, PasswordsBusy, PersonNotFound, RoleNotHeld
from backend.access.permissions import P
from rpc.core import Router
from rpc.host import Call
from schemas.access import CreatePerson, Person, PersonRef, SetRoles

people = Router("people")


@people.query(permission=P.ACCESS_PERSON_READ)
async def list_(ctx: Call) -> list[Person]:
    """Return everybody in the tenant, by name."""
    return await service.list_people(ctx.work)


@people.mutation(permission=P.ACCESS_PERSON_MANAGE, errors=(EmailTaken, RoleNotHeld, PasswordsBusy), audited=False, transaction=False)
async def create(ctx: Call, input: CreatePerson) -> Person:
    """Add a person with a first password. Their roles give no more than the caller's permissions."""
    hashed = await passwords.hashed(input.password, f"person {ctx.actor.person_id}", f"tenant {ctx.actor.tenant_id}")
    async with ctx.open(read_only=False) as work:
        return await service.create_person(work, input, hashed)


@people.mutation(permission=P.ACCESS_PERSON_MANAGE, errors=(PersonNotFound, LastAdministrator, RoleNotHeld))
async def set_roles(ctx: Call, input: SetRoles) -> Person:
    """Replace a person's roles. They add no more than the caller's permissions."""
    return await service.set_roles(ctx.work, input)


@people.mutation(permission=P.ACCESS_PERSON_MANAGE, errors=(PersonNotFound, LastAdministrator))
async def disable(ctx: Call, input: PersonRef) -> Person:
    """End a person's access, and their tokens'."""
    return await service.disable_person(ctx.work, input)


@people.mutation(permission=P.ACCESS_PERSON_MANAGE, errors=(PersonNotFound, LastAdministrator, RoleNotHeld))
async def enable(ctx: Call, input: PersonRef) -> Person:
    """Let a disabled person sign in again. Their tokens stay revoked."""
    return await service.enable_person(ctx.work, input)
