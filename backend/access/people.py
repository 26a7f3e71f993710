"""People of a tenant: add, give roles, disable, enable. Nobody gives more permissions than they hold."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from backend.access import actions, repository
from backend.access.current_permissions import require
from backend.access.errors import EmailTaken, LastAdministrator, PersonNotFound, RoleNotHeld
from backend.access.permissions import P
from backend.access.rules import beyond
from backend.access.tables import PersonRow
from backend.declarations.actions import AuditAction
from backend.ids import new_id
from backend.work.unit import UnitOfWork
from schemas.access import CreatePerson, Person, PersonRef, Role, SetRoles


async def list_people(work: UnitOfWork) -> list[Person]:
    """Return everybody in the tenant."""
    found = [_person(row) for row in await repository.people(work.session, work.tenant_id)]
    work.audit_read(actions.ACCESS_PEOPLE_LIST, "people")
    return found


async def create_person(work: UnitOfWork, input: CreatePerson, password_hash: str) -> Person:
    """Add a person. The password is hashed before the transaction. Raises EmailTaken, RoleNotHeld."""
    await repository.lock_people(work.session, work.tenant_id)
    _check(await require(work, P.ACCESS_PERSON_MANAGE), input.roles)
    row = PersonRow(
        id=new_id(),
        tenant_id=work.tenant_id,
        email=input.email,
        name=input.name,
        password_hash=password_hash,
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
    work.audit(actions.ACCESS_PEOPLE_CREATE, f"person:{row.id}", after=person)
    return person


async def set_roles(work: UnitOfWork, input: SetRoles) -> Person:
    """Replace a person's roles. Raises LastAdministrator, RoleNotHeld, PersonNotFound."""
    row, held = await _locked(work, input.person_id)
    _check(held, input.roles, _roles(row))
    before = _person(row)
    row.roles = [str(role) for role in input.roles]
    return await _changed(work, actions.ACCESS_PEOPLE_SET_ROLES, before, row)


async def disable_person(work: UnitOfWork, input: PersonRef) -> Person:
    """End a person's access, sessions and tokens. Raises LastAdministrator, PersonNotFound."""
    row, _ = await _locked(work, input.person_id)
    before = _person(row)
    row.disabled = True
    await repository.revoke_sessions(work.session, work.tenant_id, row.id, work.now)
    await repository.revoke_tokens(work.session, work.tenant_id, await repository.token_ids(work.session, work.tenant_id, row.id), work.now)
    return await _changed(work, actions.ACCESS_PEOPLE_DISABLE, before, row)


async def enable_person(work: UnitOfWork, input: PersonRef) -> Person:
    """Let a disabled person sign in again. Their tokens stay revoked. Raises RoleNotHeld, PersonNotFound."""
    row, held = await _locked(work, input.person_id)
    _check(held, _roles(row))
    before = _person(row)
    row.disabled = False
    return await _changed(work, actions.ACCESS_PEOPLE_ENABLE, before, row)


async def _locked(work: UnitOfWork, person_id: UUID) -> tuple[PersonRow, frozenset[P]]:
    """Lock the tenant's people against other changes. Return the person and the caller's permissions."""
    await repository.lock_people(work.session, work.tenant_id)
    held = await require(work, P.ACCESS_PERSON_MANAGE)
    row = await repository.person(work.session, work.tenant_id, person_id)
    if row is None:
        raise PersonNotFound
    return row, held


def _check(held: frozenset[P], roles: Sequence[Role], had: Sequence[Role] = ()) -> None:
    if missing := beyond(roles, had, held):
        raise RoleNotHeld(
            f"These roles allow {', '.join(f'`{one}`' for one in missing)}. You do not hold these permissions, so you cannot give them. Ask an administrator."
        )


async def _changed(work: UnitOfWork, action: AuditAction, before: Person, row: PersonRow) -> Person:
    await work.session.flush()
    if not await repository.count_administrators(work.session, work.tenant_id):
        raise LastAdministrator
    after = _person(row)
    work.audit(action, f"person:{row.id}", before, after)
    return after


def _roles(row: PersonRow) -> list[Role]:
    return [Role(role) for role in row.roles]


def _person(row: PersonRow) -> Person:
    return Person(id=row.id, email=row.email, name=row.name, roles=_roles(row), created_at=row.created_at, disabled=row.disabled)
