"""Signing in: what a guesser meets, and what a person whose account is guessed at meets."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from backend.access import limits, passwords, service
from backend.access import sign_in as signing
from backend.access.authenticate import authenticate_session
from backend.access.errors import PasswordsBusy, TenantNeeded, TooManySignIns, WrongCredentials
from backend.access.rules import device_cookie, folded, known_device
from backend.access.sign_in import Origin, change_password, sign_in
from backend.access.tokens import create_token
from backend.actor import ANONYMOUS, Actor
from backend.errors import Forbidden
from backend.hub import Hub
from schemas.access import ChangePassword, CreateToken, Role, SignIn
from tests.support.people import add, enter, session
from tests.support.tenants import Tenant


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals are answered at once."""
    monkeypatch.setattr(signing, "FAILED_SECONDS", 0.0)


@pytest.fixture
def here(tenant: Tenant) -> str:
    """A network address of the test's own."""
    number = tenant.admin.tenant_id.int if tenant.admin.tenant_id else 0
    return f"10.{number % 251}.{number // 251 % 251}.{number // 63_001 % 251}"


async def actions(hub: Hub, tenant: Tenant) -> list[str]:
    async with hub.work(tenant.admin, read_only=True) as work:
        return list((await work.session.execute(text("SELECT action FROM audit_entries ORDER BY seq"))).scalars())


async def test_the_right_password_opens_a_session_that_knows_who_it_is(hub: Hub, tenant: Tenant, here: str) -> None:
    actor = await session(hub, tenant.email.upper(), tenant.password, here)
    assert (actor.email, actor.tenant_id, actor.roles) == (tenant.email, tenant.admin.tenant_id, (Role.ADMIN,))


async def test_a_wrong_password_and_an_unknown_email_are_told_apart_by_nobody(hub: Hub, tenant: Tenant, here: str) -> None:
    with pytest.raises(WrongCredentials) as wrong:
        await enter(hub, tenant.email, "not the password", here)
    with pytest.raises(WrongCredentials) as unknown:
        await enter(hub, f"nobody-{tenant.email}", tenant.password, here)
    assert wrong.value.message == unknown.value.message
    assert (await actions(hub, tenant)).count("access.signInFailed") == 1


async def test_guessing_is_stopped_at_the_guessers_address_and_locks_nobody_else_out(hub: Hub, tenant: Tenant, here: str) -> None:
    for _ in range(limits.OF_ACCOUNT_AT_ADDRESS.times):
        with pytest.raises(WrongCredentials):
            await enter(hub, tenant.email, "guess", here)
    for _ in range(3):
        with pytest.raises(TooManySignIns):
            await enter(hub, tenant.email, tenant.password, here)
    assert await enter(hub, tenant.email, tenant.password, f"192.{here.partition('.')[2]}"), "the account is locked for the guesser alone"
    said = await actions(hub, tenant)
    assert (said.count("access.signInFailed"), said.count("access.signInRefused")) == (limits.OF_ACCOUNT_AT_ADDRESS.times, 1)


async def test_one_address_tries_many_accounts_only_so_often(hub: Hub, tenant: Tenant, here: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OF_ADDRESS", limits.Limit("a test's address", 5, 900))
    for at in range(5):
        with pytest.raises(WrongCredentials):
            await enter(hub, f"{at}-{tenant.email}", "guess", here)
    with pytest.raises(TooManySignIns):
        await enter(hub, tenant.email, tenant.password, here)


async def test_a_browser_that_signed_in_before_is_not_held_up_by_a_guesser_at_its_address(hub: Hub, tenant: Tenant, here: str) -> None:
    device = (await sign_in(hub, SignIn(email=tenant.email, password=tenant.password), Origin(here))).device
    for _ in range(limits.OF_ACCOUNT_AT_ADDRESS.times):
        with pytest.raises(WrongCredentials):
            await enter(hub, tenant.email, "guess", here)
    with pytest.raises(TooManySignIns):
        await enter(hub, tenant.email, tenant.password, here)
    assert await enter(hub, tenant.email, tenant.password, here, device)
    with pytest.raises(TooManySignIns):
        await enter(hub, tenant.email, tenant.password, here, device[:-1])


async def test_an_account_under_attack_from_everywhere_is_slow_for_strangers_and_open(
    hub: Hub, tenant: Tenant, here: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    device = (await sign_in(hub, SignIn(email=tenant.email, password=tenant.password), Origin(here))).device
    monkeypatch.setattr(signing.asyncio, "sleep", wait)
    monkeypatch.setattr(limits, "OF_ACCOUNT", limits.Limit("a test's account", 2, 900))
    for at in range(4):
        with pytest.raises(WrongCredentials):
            await enter(hub, tenant.email, "guess", f"198.51.100.{at}")
    waited.clear()
    assert await enter(hub, tenant.email, tenant.password, "203.0.113.7")
    assert max(waited) == pytest.approx(0.3)
    waited.clear()
    assert await enter(hub, tenant.email, tenant.password, "203.0.113.8", device)
    assert waited == []


async def test_signing_in_rightly_uses_no_attempts_up(hub: Hub, tenant: Tenant, here: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OF_ACCOUNT_AT_ADDRESS", limits.Limit("a test's sign-ins", 2, 900))
    for _ in range(4):
        assert await enter(hub, tenant.email, tenant.password, here)


@pytest.mark.parametrize(("email", "same"), [("ADA@EXAMPLE.ORG", True), ("adа@example.org", False), ("ADİ@example.org", False), ("STRAẞE@example.org", False)])
async def test_python_and_postgresql_fold_an_email_alike(hub: Hub, email: str, same: bool) -> None:
    async with hub.work(ANONYMOUS, read_only=True) as work:
        in_postgresql = (await work.session.execute(text('SELECT lower(CAST(:email AS text) COLLATE "C")'), {"email": email})).scalar_one()
    assert in_postgresql == folded(email)
    assert (folded(email) == "ada@example.org") is same


async def test_another_case_of_an_email_is_counted_with_it(hub: Hub, tenant: Tenant, here: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OF_ACCOUNT_AT_ADDRESS", limits.Limit("a test's cases", 2, 900))
    for email in (tenant.email, tenant.email.upper()):
        with pytest.raises(WrongCredentials):
            await enter(hub, email, "guess", here)
    with pytest.raises(TooManySignIns):
        await enter(hub, tenant.email.title(), tenant.password, here)


async def test_somebody_of_two_tenants_with_one_password_says_which(hub: Hub, tenant: Tenant, other_tenant: Tenant, here: str) -> None:
    await add(hub, other_tenant.admin, Role.VIEWER, email=tenant.email, password=tenant.password)
    with pytest.raises(TenantNeeded) as needed:
        await enter(hub, tenant.email, tenant.password, here)
    names: Any = needed.value.data["tenants"]
    assert len(names) == 2
    meant = SignIn(email=tenant.email, password=tenant.password, tenant=names[0])
    assert (await sign_in(hub, meant, Origin(here))).me.tenant_name == names[0]
    with pytest.raises(WrongCredentials):
        await sign_in(hub, SignIn(email=tenant.email, password=tenant.password, tenant="no such tenant"), Origin(here))


async def test_a_flood_of_sign_ins_holds_no_connection_and_is_bounded(hub: Hub, tenant: Tenant, here: str) -> None:
    flood = [asyncio.ensure_future(enter(hub, tenant.email, "guess", here)) for _ in range(60)]
    await asyncio.sleep(0.02)
    assert passwords._total <= passwords.MOST_OF_ONE
    async with asyncio.timeout(10), hub.work(tenant.admin, read_only=True) as work:
        assert await service.me(work)
    done = await asyncio.gather(*flood, return_exceptions=True)
    kinds = {type(one) for one in done}
    assert PasswordsBusy in kinds
    assert kinds <= {PasswordsBusy, WrongCredentials, TooManySignIns}
    assert passwords._total == 0


async def test_signing_out_ends_the_session(hub: Hub, tenant: Tenant, here: str) -> None:
    secret = await enter(hub, tenant.email, tenant.password, here)
    actor = await authenticate_session(hub, secret)
    assert actor is not None
    async with hub.work(actor) as work:
        await service.sign_out(work)
    assert await authenticate_session(hub, secret) is None


async def test_changing_the_password_ends_all_other_sessions(hub: Hub, tenant: Tenant, here: str) -> None:
    stay, elsewhere = [await enter(hub, tenant.email, tenant.password, here) for _ in range(2)]
    actor = await authenticate_session(hub, stay)
    assert actor is not None
    await change_password(hub, actor, ChangePassword(current=tenant.password, new="another long password"))
    assert await authenticate_session(hub, stay) is not None
    assert await authenticate_session(hub, elsewhere) is None
    assert await enter(hub, tenant.email, "another long password", here)


async def test_guessing_the_current_password_is_limited_and_kept(hub: Hub, tenant: Tenant, here: str) -> None:
    actor = await session(hub, tenant.email, tenant.password, here)
    for _ in range(limits.OF_PASSWORD_CHANGES.times):
        with pytest.raises(WrongCredentials):
            await change_password(hub, actor, ChangePassword(current="guess", new="another long password"))
    with pytest.raises(TooManySignIns):
        await change_password(hub, actor, ChangePassword(current=tenant.password, new="another long password"))
    assert (await actions(hub, tenant)).count("access.changePasswordFailed") == limits.OF_PASSWORD_CHANGES.times


async def test_a_token_changes_nobodys_password(hub: Hub, tenant: Tenant) -> None:
    async with hub.work(tenant.admin) as work:
        await create_token(work, CreateToken(name="a token", scopes=["*"]))
    token = Actor(kind="token", name="a token", tenant_id=tenant.admin.tenant_id, person_id=tenant.admin.person_id, permissions=tenant.admin.permissions)
    with pytest.raises(Forbidden):
        await change_password(hub, token, ChangePassword(current=tenant.password, new="another long password"))


def test_a_device_cookie_is_for_one_email_and_one_installation() -> None:
    cookie = device_cookie("key", "Ada@example.org", "nonce")
    assert known_device("key", "ada@example.org", cookie) == "nonce"
    for key, email, sent in (("other", "ada@example.org", cookie), ("key", "eve@example.org", cookie), ("key", "ada@example.org", None)):
        assert known_device(key, email, sent) is None
    for sent in ("", ".", "nonce.", "ñ.x", f"other.{cookie.partition('.')[2]}"):
        assert known_device("key", "ada@example.org", sent) is None
