"""The one who owns the machine, acting as a person of the hub."""

from backend.access import repository
from backend.access.errors import PersonNotFound
from backend.access.rules import permissions_of
from backend.actor import ANONYMOUS, Actor
from backend.hub import Hub
from schemas.access import Role


async def act_as(hub: Hub, email: str) -> Actor:
    """The person who signs in with this email, with all that their roles allow; the audit log tells that it was from the command line.

    Raises PersonNotFound, also when the person is disabled. Only for whoever can read the installation's secrets: no password is asked.
    """
    async with hub.work(ANONYMOUS, read_only=True) as work:
        found = await repository.find_person(work.session, email)
    if found is None or found.disabled:
        raise PersonNotFound(f"Nobody signs in as {email}." if found is None else f"{email} is disabled.")
    roles = tuple(Role(role) for role in found.roles)
    return Actor(
        kind="person",
        name=f"{found.email} (command line)",
        tenant_id=found.tenant_id,
        person_id=found.id,
        email=found.email,
        roles=roles,
        permissions=permissions_of(roles),
    )
