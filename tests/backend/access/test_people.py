"""Signing in, and the people of a tenant."""

import pytest

from backend.access import service
from backend.access.authenticate import authenticate_session
from backend.access.errors import EmailTaken, LastAdministrator, PersonNotFound, TooManySignIns, WrongCredentials
from backend.access.first_administrator import ensure_first_administrator
from backend.actor import ANONYMOUS
from backend.hub import Hub
from schemas.access import ChangePassword, CreatePerson, PersonRef, Role, SetRoles, SignIn
from tests.support.tenants import Tenant


async def sign_in(hub: Hub, email: str, password: str) -> str:
    async with hub.work(ANONYMOUS) as work:
        _, secret = await service.sign_in(work, SignIn(email=email, password=password))
    return secret


async def test_the_right_password_opens_a_session_that_knows_who_it_is(hub: Hub, tenant: Tenant) -> None:
    secret = await sign_in(hub, tenant.email.upper(), tenant.password)
    actor = await authenticate_session(hub, secret)
    assert actor is not None
    assert (actor.email, actor.tenant_id, actor.roles) == (tenant.email, tenant.admin.tenant_id, (Role.ADMIN,))


async def test_a_wrong_password_and_an_unknown_email_are_told_apart_by_nobody(hub: Hub, tenant: Tenant) -> None:
    with pytest.raises(WrongCredentials) as wrong:
        await sign_in(hub, tenant.email, "not the password")
    with pytest.raises(WrongCredentials) as unknown:
        await sign_in(hub, f"nobody-{tenant.email}", tenant.password)
    assert wrong.value.message == unknown.value.message


async def test_guessing_is_stopped_even_when_the_password_is_right_at_last(hub: Hub, tenant: Tenant) -> None:
    for _ in range(20):
        with pytest.raises(WrongCredentials):
            await sign_in(hub, tenant.email, "guess")
    with pytest.raises(TooManySignIns):
        await sign_in(hub, tenant.email, tenant.password)


async def test_signing_out_ends_the_session(hub: Hub, tenant: Tenant) -> None:
    secret = await sign_in(hub, tenant.email, tenant.password)
    actor = await authenticate_session(hub, secret)
    assert actor is not None
    async with hub.work(actor) as work:
        await service.sign_out(work)
    assert await authenticate_session(hub, secret) is None


async def test_changing_the_password_ends_all_other_sessions(hub: Hub, tenant: Tenant) -> None:
    here, elsewhere = [await sign_in(hub, tenant.email, tenant.password) for _ in range(2)]
    actor = await authenticate_session(hub, here)
    assert actor is not None
    async with hub.work(actor) as work:
        await service.change_password(work, ChangePassword(current=tenant.password, new="another long password"))
    assert await authenticate_session(hub, here) is not None
    assert await authenticate_session(hub, elsewhere) is None
    assert await sign_in(hub, tenant.email, "another long password")


async def test_an_email_signs_in_to_one_tenant_only(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    person = CreatePerson(email=tenant.email.upper(), name="Second", password="a long password", roles=[Role.VIEWER])
    with pytest.raises(EmailTaken):
        async with hub.work(other_tenant.admin) as work:
            await service.create_person(work, person)


async def test_the_last_administrator_stays_one(hub: Hub, tenant: Tenant) -> None:
    assert tenant.admin.person_id is not None
    with pytest.raises(LastAdministrator):
        async with hub.work(tenant.admin) as work:
            await service.set_roles(work, SetRoles(person_id=tenant.admin.person_id, roles=[Role.VIEWER]))
    with pytest.raises(LastAdministrator):
        async with hub.work(tenant.admin) as work:
            await service.disable_person(work, PersonRef(person_id=tenant.admin.person_id))


async def test_a_disabled_person_is_out_at_once(hub: Hub, tenant: Tenant) -> None:
    async with hub.work(tenant.admin) as work:
        email = f"second-{tenant.email}"
        person = await service.create_person(work, CreatePerson(email=email, name="Second", password="a long password", roles=[Role.ENGINEER]))
    secret = await sign_in(hub, email, "a long password")
    async with hub.work(tenant.admin) as work:
        await service.disable_person(work, PersonRef(person_id=person.id))
    assert await authenticate_session(hub, secret) is None
    with pytest.raises(WrongCredentials):
        await sign_in(hub, email, "a long password")


async def test_another_tenants_people_cannot_be_reached(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    assert tenant.admin.person_id is not None
    async with hub.work(other_tenant.admin) as work:
        assert tenant.email not in {person.email for person in await service.list_people(work)}
        with pytest.raises(PersonNotFound):
            await service.set_roles(work, SetRoles(person_id=tenant.admin.person_id, roles=[Role.VIEWER]))


async def test_a_password_reset_from_the_command_line_lets_the_person_in_again(hub: Hub, tenant: Tenant) -> None:
    secret = await sign_in(hub, tenant.email, tenant.password)
    async with hub.work(ANONYMOUS) as work:
        await service.reset_password(work, tenant.email, "a password from the console")
    assert await authenticate_session(hub, secret) is None
    assert await sign_in(hub, tenant.email, "a password from the console")


async def test_there_is_one_first_administrator(hub: Hub, tenant: Tenant) -> None:
    assert await ensure_first_administrator(hub) is None
