"""People of a tenant, made and signed in as the product does it."""

from uuid import uuid4

from backend.access import passwords, people
from backend.access.authenticate import authenticate_session
from backend.access.sign_in import Origin, sign_in
from backend.actor import Actor
from backend.hub import Hub
from schemas.access import CreatePerson, Person, Role, SignIn

PASSWORD = "a long password"


async def add(hub: Hub, by: Actor, *roles: Role, email: str | None = None, password: str = PASSWORD) -> Person:
    """A new person, added by the actor."""
    said = CreatePerson(email=email or f"{uuid4().hex[:12]}@people.example", name="Somebody", password=password, roles=list(roles))
    hashed = await passwords.hashed(password)
    async with hub.work(by) as work:
        return await people.create_person(work, said, hashed)


async def enter(hub: Hub, email: str, password: str = PASSWORD, address: str = "192.0.2.1", device: str | None = None) -> str:
    """Sign in; the session's secret."""
    return (await sign_in(hub, SignIn(email=email, password=password), Origin(address, device))).secret


async def session(hub: Hub, email: str, password: str = PASSWORD, address: str = "192.0.2.1") -> Actor:
    """The person signed in."""
    actor = await authenticate_session(hub, await enter(hub, email, password, address))
    assert actor is not None
    return actor
