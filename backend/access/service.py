"""Signing in and out, one's own account, and the people of a tenant."""

import asyncio
from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from backend.access import repository
from backend.access.errors import EmailTaken, LastAdministrator, PersonNotFound, TooManySignIns, WrongCredentials
from backend.access.limits import SIGN_IN, allow
from backend.access.permissions import P
from backend.access.rules import hash_password, new_secret, nobodys_hash, password_matches, permissions_of, secret_hash
from backend.access.tables import PersonRow, SessionRow
from backend.actor import Actor
from backend.ids import new_id
from backend.work.unit import UnitOfWork
from schemas.access import ChangePassword, CreatePerson, Me, Person, PersonRef, Role, SetRoles, SignIn


async def sign_in(work: UnitOfWork, input: SignIn) -> tuple[Me, str]:
    """Check the password and open a session. Returns the secret for the cookie, kept only as a hash."""
    if not await allow(work.hub.redis, SIGN_IN, input.email.lower()):
        raise TooManySignIns
    found = await repository.find_person(work.session, input.email)
    stored = found.password_hash if found else await asyncio.to_thread(nobodys_hash)
    right = await asyncio.to_thread(password_matches, stored, input.password)
    if found is None or not right or found.disabled:
        raise WrongCredentials
    roles = tuple(Role(role) for role in found.roles)
    session_id, secret = new_id(), new_secret()
    actor = Actor(
        kind="person",
        name=found.email,
        tenant_id=found.tenant_id,
        person_id=found.id,
        email=found.email,
        session_id=session_id,
        roles=roles,
        permissions=permissions_of(roles),
    )
    await work.become(actor)
    expires = work.now + timedelta(days=work.hub.settings.session_days)
    work.session.add(
        SessionRow(id=session_id, tenant_id=found.tenant_id, person_id=found.id, secret_hash=secret_hash(secret), created_at=work.now, expires_at=expires)
    )
    work.audit("access.signIn", f"person:{found.id}")
    return await me(work), secret


async def sign_out(work: UnitOfWork) -> None:
    """Close the session of the caller's cookie."""
    if work.actor.session_id is not None:
        await repository.revoke_session(work.session, work.tenant_id, work.actor.session_id, work.now)
    work.audit("access.signOut", f"person:{work.actor.person_id}")


async def me(work: UnitOfWork) -> Me:
    """Who is calling."""
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


async def change_password(work: UnitOfWork, input: ChangePassword) -> None:
    """Change one's own password; every other session of the person ends."""
    row = await repository.person(work.session, work.tenant_id, work.actor.person_id) if work.actor.person_id else None
    if row is None or not await asyncio.to_thread(password_matches, row.password_hash, input.current):
        raise WrongCredentials("The current password is wrong.")
    row.password_hash = await asyncio.to_thread(hash_password, input.new)
    await repository.revoke_sessions(work.session, work.tenant_id, row.id, work.now, but=work.actor.session_id)
    work.audit("access.changePassword", f"person:{row.id}")


async def list_people(work: UnitOfWork) -> list[Person]:
    """Everybody in the tenant."""
    return [_person(row) for row in await repository.people(work.session, work.tenant_id)]


async def count_who_may(work: UnitOfWork, permission: P) -> int:
    """How many people of the tenant, not disabled, hold a permission."""
    rows = await repository.people(work.session, work.tenant_id)
    return sum(not row.disabled and permission in permissions_of(Role(role) for role in row.roles) for row in rows)


async def create_person(work: UnitOfWork, input: CreatePerson) -> Person:
    """Add a person. Raises EmailTaken."""
    row = PersonRow(
        id=new_id(),
        tenant_id=work.tenant_id,
        email=input.email,
        name=input.name,
        password_hash=await asyncio.to_thread(hash_password, input.password),
        roles=[str(role) for role in input.roles],
        disabled=False,
        created_at=work.now,
    )
    work.session.add(row)
    try:
        await work.session.flush()
    except IntegrityError:
        raise EmailTaken from None
    person = _person(row)
    work.audit("access.people.create", f"person:{row.id}", after=person)
    return person


async def set_roles(work: UnitOfWork, input: SetRoles) -> Person:
    """Replace a person's roles. Raises LastAdministrator."""
    row = await _find(work, PersonRef(person_id=input.person_id))
    before = _person(row)
    row.roles = [str(role) for role in input.roles]
    return await _changed(work, "access.people.setRoles", before, row)


async def disable_person(work: UnitOfWork, input: PersonRef) -> Person:
    """Take a person's access away: sessions end, their tokens stop working. Raises LastAdministrator."""
    row = await _find(work, input)
    before = _person(row)
    row.disabled = True
    await repository.revoke_sessions(work.session, work.tenant_id, row.id, work.now)
    return await _changed(work, "access.people.disable", before, row)


async def reset_password(work: UnitOfWork, email: str, new: str) -> None:
    """Set a person's password from the command line: for the owner of the machine. All their sessions end."""
    found = await repository.find_person(work.session, email)
    if found is None:
        raise PersonNotFound(f"Nobody signs in as {email}.")
    await work.become(Actor(kind="system", name="command line", tenant_id=found.tenant_id))
    row = await _find(work, PersonRef(person_id=found.id))
    row.password_hash = await asyncio.to_thread(hash_password, new)
    row.disabled = False
    await repository.revoke_sessions(work.session, work.tenant_id, row.id, work.now)
    work.audit("access.resetPassword", f"person:{row.id}")


async def _find(work: UnitOfWork, input: PersonRef) -> PersonRow:
    row = await repository.person(work.session, work.tenant_id, input.person_id)
    if row is None:
        raise PersonNotFound
    return row


async def _changed(work: UnitOfWork, action: str, before: Person, row: PersonRow) -> Person:
    await work.session.flush()
    if not await repository.count_administrators(work.session, work.tenant_id):
        raise LastAdministrator
    after = _person(row)
    work.audit(action, f"person:{row.id}", before, after)
    return after


def _person(row: PersonRow) -> Person:
    roles = [Role(role) for role in row.roles]
    return Person(id=row.id, email=row.email, name=row.name, roles=roles, created_at=row.created_at, disabled=row.disabled)
