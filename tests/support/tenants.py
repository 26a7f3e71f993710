"""Tenants and their people, made through the product's own use cases."""

from dataclasses import dataclass
from uuid import uuid4

from backend.access.authenticate import authenticate_token
from backend.access.first_administrator import create_administrator
from backend.access.rules import permissions_of
from backend.actor import Actor
from backend.hub import Hub
from backend.ids import new_id
from schemas.access import Role


@dataclass(frozen=True)
class Tenant:
    """A tenant with its first administrator."""

    admin: Actor
    email: str
    password: str
    token: str

    def acting_as(self, *roles: Role) -> Actor:
        """The administrator's person with other roles, for tests of what each role may do."""
        return Actor(
            kind="person",
            name=self.email,
            tenant_id=self.admin.tenant_id,
            tenant_name=self.admin.tenant_name,
            person_id=self.admin.person_id or new_id(),
            email=self.email,
            roles=roles,
            permissions=permissions_of(roles),
        )


async def new_tenant(hub: Hub) -> Tenant:
    """Return a tenant that nobody else uses."""
    name = uuid4().hex[:12]
    first = await create_administrator(hub, f"Tenant {name}", f"admin@{name}.example")
    admin = await authenticate_token(hub, first.token)
    assert admin is not None
    return Tenant(admin=admin, email=first.email, password=first.password, token=first.token)
