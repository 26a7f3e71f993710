"""The caller's own account, and the people of a tenant."""

from backend.access import actions, repository
from backend.access.permissions import P
from backend.access.rules import permissions_of
from backend.work.unit import UnitOfWork
from schemas.access import Me, Role


async def sign_out(work: UnitOfWork) -> None:
    """End the session of the caller's cookie."""
    if work.actor.session_id is not None:
        await repository.revoke_session(work.session, work.tenant_id, work.actor.session_id, work.now)
    work.audit(actions.ACCESS_SIGN_OUT, f"person:{work.actor.person_id}")


async def me(work: UnitOfWork) -> Me:
    """Return the caller."""
    actor = work.actor
    return Me(
        person_id=actor.person_id,
        email=actor.email,
        name=actor.name,
        tenant_id=work.tenant_id,
        tenant_name=await repository.tenant_name(work.session, work.tenant_id),
        roles=list(actor.roles),
        permissions=sorted(actor.permissions),
    )


async def count_who_may(work: UnitOfWork, permission: P) -> int:
    """Count the tenant's enabled people who hold a permission."""
    rows = await repository.people(work.session, work.tenant_id)
    return sum(not row.disabled and permission in permissions_of(Role(role) for role in row.roles) for row in rows)
