"""The actor of a unit of work."""

from typing import Literal
from uuid import UUID

import msgspec

from backend.access.permissions import P
from schemas.access import Role


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """The person, token or system for which a unit of work runs. The audit log shows `name`."""

    kind: Literal["person", "token", "system", "anonymous"]
    name: str
    tenant_id: UUID | None = None
    tenant_name: str = ""
    person_id: UUID | None = None
    email: str | None = None
    token_id: UUID | None = None
    session_id: UUID | None = None
    roles: tuple[Role, ...] = ()
    permissions: frozenset[P] = frozenset()

    def may(self, permission: P) -> bool:
        """Return whether the actor holds the permission."""
        if permission is P.ANYONE:
            return True
        if permission is P.SIGNED_IN:
            return self.kind in {"person", "token"}
        return permission in self.permissions


ANONYMOUS = Actor(kind="anonymous", name="anonymous")


def system(tenant_id: UUID | None, name: str = "system") -> Actor:
    """The hub itself, for work that no person asked for."""
    return Actor(kind="system", name=name, tenant_id=tenant_id)
