"""The first tenant, its administrator, and the token of `--ready-file`."""

import secrets

import msgspec

from backend.access import passwords, repository
from backend.access.errors import PersonNotFound, TenantNeeded
from backend.access.operator import act_as
from backend.access.people import create_person
from backend.access.permissions import P
from backend.access.rules import permissions_of
from backend.access.tokens import create_token
from backend.actor import ANONYMOUS, Actor
from backend.hub import Hub
from backend.ids import new_id
from backend.work.unit import UnitOfWork
from schemas.access import CreatePerson, CreateToken, Role
from schemas.common import Shape

EMAIL = "admin@tiltyard.local"


START = "start of the hub"
"""The name of the tokens made for `--ready-file` and the demo."""
START_DAYS = 90


class FirstAdministrator(Shape, frozen=True, kw_only=True):
    """What the first start shows once."""

    email: str
    password: str
    token: str | None = None


async def create_administrator(hub: Hub, tenant_name: str, email: str, password: str | None = None) -> FirstAdministrator:
    """Create a tenant with one administrator, and an API token with all of the administrator's permissions."""
    password = password or made_up()
    hashed = await passwords.hashed(password)
    async with hub.work(ANONYMOUS) as work:
        first = await _create(work, tenant_name, email, password, hashed)
        token = await create_token(work, CreateToken(name="first start", scopes=["*"], expires_in_days=None))
    return msgspec.structs.replace(first, token=token.secret)


async def ensure_first_administrator(hub: Hub, tenant_name: str = "Tiltyard", email: str = EMAIL) -> FirstAdministrator | None:
    """Create the first tenant and its administrator. None when a tenant already exists; of two processes at once, one creates it."""
    password = made_up()
    hashed = await passwords.hashed(password)
    async with hub.work(ANONYMOUS) as work:
        if await repository.count_tenants(work.session):
            return None
        return await _create(work, tenant_name, email, password, hashed)


def made_up() -> str:
    """Return a new password to hand out: 96 random bits."""
    return "-".join(secrets.token_hex(3) for _ in range(4))


async def _create(work: UnitOfWork, tenant_name: str, email: str, password: str, hashed: str) -> FirstAdministrator:
    tenant_id = new_id()
    await repository.create_tenant(work.session, tenant_id, tenant_name, work.now)
    await work.become(Actor(kind="system", name="first start", tenant_id=tenant_id))
    person = await create_person(work, CreatePerson(email=email, name="Administrator", password=password, roles=[Role.ADMIN]), hashed)
    await work.become(
        Actor(
            kind="person",
            name=email,
            tenant_id=tenant_id,
            person_id=person.id,
            email=email,
            roles=(Role.ADMIN,),
            permissions=permissions_of([Role.ADMIN]),
        )
    )
    return FirstAdministrator(email=email, password=password)


async def start_token(hub: Hub, email: str) -> str | None:
    """Replace the administrator's tokens of earlier starts by one for this start. None when no enabled person has the email."""
    try:
        actor = await act_as(hub, email)
    except (PersonNotFound, TenantNeeded):
        return None
    if not actor.may(P.ACCESS_TOKEN_MANAGE):
        return None
    async with hub.work(actor) as work:
        earlier = [row.id for row, _ in await repository.tokens(work.session, work.tenant_id, actor.person_id) if row.name == START and row.revoked_at is None]
        await repository.revoke_tokens(work.session, work.tenant_id, earlier, work.now)
        return (await create_token(work, CreateToken(name=START, scopes=["*"], expires_in_days=START_DAYS))).secret
