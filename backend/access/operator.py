"""The machine's operator: acts as a person of the hub, or repairs access."""

from typing import Any

from sqlalchemy import Row

from backend.access import actions, passwords, repository
from backend.access.errors import PersonNotFound, TenantNeeded
from backend.access.rules import permissions_of
from backend.actor import ANONYMOUS, Actor, system
from backend.hub import Hub
from schemas.access import Role

COMMAND_LINE = "command line"


async def act_as(hub: Hub, email: str, tenant: str | None = None) -> Actor:
    """Return the person who signs in with this email, with all permissions of their roles. The audit log records that the command line acted.

    Raises PersonNotFound, also when the person is disabled, and TenantNeeded. It asks for no password: only those who can read the installation's secrets may
    call it.
    """
    found = await _find(hub, email, tenant)
    if found.disabled:
        raise PersonNotFound(f"{email} is disabled.")
    roles = tuple(Role(role) for role in found.roles)
    return Actor(
        kind="person",
        name=f"{found.email} ({COMMAND_LINE})",
        tenant_id=found.tenant_id,
        person_id=found.id,
        email=found.email,
        roles=roles,
        permissions=permissions_of(roles),
    )


async def reset_password(hub: Hub, email: str, new: str, tenant: str | None = None) -> bool:
    """Set a person's password and end all their sessions. True when the person is disabled; that stays so. Raises PersonNotFound, TenantNeeded."""
    found = await _find(hub, email, tenant)
    hashed = await passwords.hashed(new)
    async with hub.work(system(found.tenant_id, COMMAND_LINE)) as work:
        row = await repository.person(work.session, work.tenant_id, found.id)
        if row is None:
            raise PersonNotFound
        row.password_hash = hashed
        await repository.revoke_sessions(work.session, work.tenant_id, row.id, work.now)
        work.audit(actions.ACCESS_RESET_PASSWORD, f"person:{row.id}")
        return row.disabled


async def make_administrator(hub: Hub, email: str, tenant: str | None = None) -> None:
    """Give a person the role `admin`, and enable them if they are disabled. So a tenant gets an administrator back. Raises PersonNotFound, TenantNeeded."""
    found = await _find(hub, email, tenant)
    async with hub.work(system(found.tenant_id, COMMAND_LINE)) as work:
        await repository.lock_people(work.session, work.tenant_id)
        row = await repository.person(work.session, work.tenant_id, found.id)
        if row is None:
            raise PersonNotFound
        before = {"roles": list(row.roles), "disabled": row.disabled}
        row.roles, row.disabled = sorted({*row.roles, str(Role.ADMIN)}), False
        work.audit(actions.ACCESS_MAKE_ADMINISTRATOR, f"person:{row.id}", before, {"roles": list(row.roles), "disabled": False})


async def _find(hub: Hub, email: str, tenant: str | None) -> Row[Any]:
    async with hub.work(ANONYMOUS, read_only=True) as work:
        people = await repository.find_people(work.session, email)
    names: dict[str, Row[Any]] = {}
    for row in people:
        async with hub.work(system(row.tenant_id), read_only=True) as work:
            names[await repository.tenant_name(work.session, row.tenant_id)] = row
    chosen = list(names.values()) if tenant is None else [row for name, row in names.items() if name == tenant]
    if not chosen:
        raise PersonNotFound(f"Nobody signs in as {email}" + (f" to {tenant}." if tenant and people else "."))
    if len(chosen) > 1:
        raise TenantNeeded(f"{email} belongs to people of several tenants: {', '.join(sorted(names))}. Name the tenant with --tenant.", tenants=sorted(names))
    return chosen[0]
