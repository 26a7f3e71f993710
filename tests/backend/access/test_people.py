"""The people of a tenant: added, given roles, disabled, enabled; and one administrator at least."""

import asyncio

import pytest

from backend.access import people, service
from backend.access.authenticate import authenticate_session, authenticate_token
from backend.access.errors import EmailTaken, LastAdministrator, PersonNotFound, RoleNotHeld, WrongCredentials
from backend.access.first_administrator import ensure_first_administrator
from backend.access.operator import make_administrator, reset_password
from backend.access.permissions import P
from backend.access.rules import permissions_of
from backend.access.tokens import create_token, revoke_token
from backend.actor import Actor
from backend.errors import Forbidden, Unauthorized
from backend.hub import Hub
from schemas.access import CreateToken, PersonRef, Role, SetRoles, TokenRef
from tests.support.people import add, enter, session
from tests.support.tenants import Tenant


async def token_of(hub: Hub, by: Actor, *scopes: str, days: int | None = 90) -> Actor:
    """The actor of a new token."""
    async with hub.work(by) as work:
        created = await create_token(work, CreateToken(name="a token", scopes=list(scopes), expires_in_days=days))
    actor = await authenticate_token(hub, created.secret)
    assert actor is not None
    return actor


async def test_one_email_may_be_a_persons_in_two_tenants_and_a_tenant_learns_nothing_of_the_other(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    person = await add(hub, other_tenant.admin, Role.VIEWER, email=tenant.email.upper(), password="the other password")
    with pytest.raises(EmailTaken):
        await add(hub, other_tenant.admin, Role.VIEWER, email=tenant.email)
    assert (await session(hub, tenant.email, "the other password")).person_id == person.id
    assert (await session(hub, tenant.email, tenant.password)).person_id == tenant.admin.person_id


async def test_the_last_administrator_stays_one(hub: Hub, tenant: Tenant) -> None:
    assert tenant.admin.person_id is not None
    with pytest.raises(LastAdministrator):
        async with hub.work(tenant.admin) as work:
            await people.set_roles(work, SetRoles(person_id=tenant.admin.person_id, roles=[Role.VIEWER]))
    with pytest.raises(LastAdministrator):
        async with hub.work(tenant.admin) as work:
            await people.disable_person(work, PersonRef(person_id=tenant.admin.person_id))


async def test_administrators_who_demote_each_other_at_the_same_time_leave_one(hub: Hub, tenant: Tenant) -> None:
    assert tenant.admin.person_id is not None
    for _ in range(5):
        second = await add(hub, tenant.admin, Role.ADMIN)
        them = await session(hub, second.email)

        async def demote(by: Actor, whom: object) -> None:
            async with hub.work(by) as work:
                await people.set_roles(work, SetRoles(person_id=whom, roles=[Role.VIEWER]))  # type: ignore[arg-type]

        done = await asyncio.gather(demote(them, tenant.admin.person_id), demote(tenant.admin, second.id), return_exceptions=True)
        assert [type(one) for one in done if one is not None] in ([Forbidden], [LastAdministrator])
        async with hub.work(tenant.admin, read_only=True) as work:
            left = [person for person in await people.list_people(work) if Role.ADMIN in person.roles]
        assert len(left) == 1
        await make_administrator(hub, tenant.email)
        async with hub.work(tenant.admin) as work:
            await people.set_roles(work, SetRoles(person_id=second.id, roles=[Role.VIEWER]))


async def test_who_lost_a_right_after_signing_in_gives_nothing_away_any_more(hub: Hub, tenant: Tenant) -> None:
    second = await add(hub, tenant.admin, Role.ADMIN)
    then = await session(hub, second.email)
    async with hub.work(tenant.admin) as work:
        await people.set_roles(work, SetRoles(person_id=second.id, roles=[Role.VIEWER]))
    with pytest.raises(Forbidden):
        await add(hub, then, Role.VIEWER)
    async with hub.work(tenant.admin) as work:
        await people.disable_person(work, PersonRef(person_id=second.id))
    with pytest.raises(Unauthorized):
        await add(hub, then, Role.VIEWER)


async def test_a_token_that_manages_people_makes_no_administrator(hub: Hub, tenant: Tenant) -> None:
    clerk = await token_of(hub, tenant.admin, P.ACCESS_PERSON_MANAGE, P.ACCESS_PERSON_READ, *permissions_of([Role.SERVICE]))
    person = await add(hub, clerk, Role.SERVICE)
    with pytest.raises(RoleNotHeld) as refused:
        await add(hub, clerk, Role.ADMIN)
    assert "audit:entry:read" in refused.value.message
    with pytest.raises(RoleNotHeld):
        async with hub.work(clerk) as work:
            await people.set_roles(work, SetRoles(person_id=person.id, roles=[Role.SERVICE, Role.VIEWER]))
    second = await add(hub, tenant.admin, Role.ML_LEAD, Role.VIEWER)
    async with hub.work(clerk) as work:  # what the person had already is nothing given
        await people.set_roles(work, SetRoles(person_id=second.id, roles=[Role.ML_LEAD]))
    async with hub.work(tenant.admin) as work:
        await people.disable_person(work, PersonRef(person_id=second.id))
    with pytest.raises(RoleNotHeld):
        async with hub.work(clerk) as work:
            await people.enable_person(work, PersonRef(person_id=second.id))


async def test_a_disabled_person_is_out_at_once_and_their_tokens_stay_dead(hub: Hub, tenant: Tenant) -> None:
    person = await add(hub, tenant.admin, Role.ENGINEER)
    secret = await enter(hub, person.email)
    actor = await authenticate_session(hub, secret)
    assert actor is not None
    async with hub.work(actor) as work:
        made = await create_token(work, CreateToken(name="theirs", scopes=["*"]))
    async with hub.work(tenant.admin) as work:
        await people.disable_person(work, PersonRef(person_id=person.id))
    assert await authenticate_session(hub, secret) is None
    with pytest.raises(WrongCredentials):
        await enter(hub, person.email)
    async with hub.work(tenant.admin) as work:
        assert not (await people.enable_person(work, PersonRef(person_id=person.id))).disabled
    assert await enter(hub, person.email)
    assert await authenticate_token(hub, made.secret) is None


async def test_another_tenants_people_cannot_be_reached(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    assert tenant.admin.person_id is not None
    async with hub.work(other_tenant.admin) as work:
        assert tenant.email not in {person.email for person in await people.list_people(work)}
    for change in (people.disable_person, people.enable_person):
        with pytest.raises(PersonNotFound):
            async with hub.work(other_tenant.admin) as work:
                await change(work, PersonRef(person_id=tenant.admin.person_id))
    with pytest.raises(PersonNotFound):
        async with hub.work(other_tenant.admin) as work:
            await people.set_roles(work, SetRoles(person_id=tenant.admin.person_id, roles=[Role.VIEWER]))


async def test_a_password_reset_from_the_command_line_ends_sessions_and_enables_nobody(hub: Hub, tenant: Tenant) -> None:
    secret = await enter(hub, tenant.email, tenant.password)
    assert not await reset_password(hub, tenant.email, "a password from the console")
    assert await authenticate_session(hub, secret) is None
    assert await enter(hub, tenant.email, "a password from the console")
    person = await add(hub, tenant.admin, Role.VIEWER)
    async with hub.work(tenant.admin) as work:
        await people.disable_person(work, PersonRef(person_id=person.id))
    assert await reset_password(hub, person.email, "another long password"), "the command says that the person is disabled"
    with pytest.raises(WrongCredentials):
        await enter(hub, person.email, "another long password")


async def test_the_command_line_gives_a_tenant_its_administrator_back(hub: Hub, tenant: Tenant) -> None:
    person = await add(hub, tenant.admin, Role.VIEWER)
    async with hub.work(tenant.admin) as work:
        await people.disable_person(work, PersonRef(person_id=person.id))
    await make_administrator(hub, person.email)
    assert P.ACCESS_PERSON_MANAGE in (await session(hub, person.email)).permissions


async def test_a_token_made_by_a_token_ends_with_it(hub: Hub, tenant: Tenant) -> None:
    short = await token_of(hub, tenant.admin, "*", days=1)
    assert short.token_id is not None
    async with hub.work(short) as work:
        forever = await create_token(work, CreateToken(name="for ever", scopes=["*"], expires_in_days=None))
        long = await create_token(work, CreateToken(name="long", scopes=["*"], expires_in_days=90))
        now = work.now
    for made in (forever, long):
        assert made.token.expires_at is not None
        assert (made.token.expires_at - now).total_seconds() <= 86_400
    child = await authenticate_token(hub, forever.secret)
    assert child is not None
    async with hub.work(child) as work:
        grandchild = await create_token(work, CreateToken(name="grandchild", scopes=["*"], expires_in_days=None))
    async with hub.work(tenant.admin) as work:
        await revoke_token(work, TokenRef(token_id=short.token_id))
    for made in (forever, long, grandchild):
        assert await authenticate_token(hub, made.secret) is None
    with pytest.raises(Unauthorized):
        async with hub.work(child) as work:
            await create_token(work, CreateToken(name="too late", scopes=["*"]))


async def test_how_many_may_do_something_counts_no_disabled_person(hub: Hub, tenant: Tenant) -> None:
    person = await add(hub, tenant.admin, Role.ADMIN)
    async with hub.work(tenant.admin) as work:
        assert await service.count_who_may(work, P.GROUP_GROUP_PROMOTE) == 2
        await people.disable_person(work, PersonRef(person_id=person.id))
        assert await service.count_who_may(work, P.GROUP_GROUP_PROMOTE) == 1


async def test_there_is_one_first_administrator(hub: Hub, tenant: Tenant) -> None:
    assert await ensure_first_administrator(hub) is None
