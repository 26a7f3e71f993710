"""Sign in, and change one's own password. Slow steps run outside of transactions; failures are counted and kept."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from backend.access import actions, limits, passwords, repository
from backend.access.errors import PersonNotFound, TenantNeeded, TooManySignIns, WrongCredentials
from backend.access.rules import device_cookie, folded, hash_password, known_device, new_secret, nobodys_hash, password_matches, permissions_of, secret_hash
from backend.access.service import me
from backend.access.tables import SessionRow
from backend.actor import ANONYMOUS, Actor, system
from backend.declarations.actions import AuditAction
from backend.errors import Forbidden
from backend.hub import Hub
from backend.ids import new_id
from schemas.access import ChangePassword, Me, Role, SignIn

log = logging.getLogger("tiltyard.access")

FAILED_SECONDS = 0.3
"""Seconds. A refusal takes at least this long, so its duration does not show whether the email is known."""


@dataclass(frozen=True)
class Origin:
    """The source of an attempt: the client's network address, and the device cookie of its browser."""

    address: str | None = None
    device: str | None = None


@dataclass(frozen=True)
class SignedIn:
    """A new session: the cookie's secret, and the device cookie for the browser's next sign-in."""

    me: Me
    secret: str
    device: str


async def sign_in(hub: Hub, input: SignIn, origin: Origin) -> SignedIn:
    """Check the password and open a session; the secrets are kept only as hashes. Raises WrongCredentials, TooManySignIns, PasswordsBusy, TenantNeeded."""
    network, device = limits.network_of(origin.address), known_device(_key(hub), input.email, origin.device)
    earliest = asyncio.get_running_loop().time() + FAILED_SECONDS
    with passwords.turn(f"address {network}"):
        spent = await _admit(hub, folded(input.email), network, device)
        found = await _people(hub, input.email)
        right = await _matching(found, input.password)
        if not right:
            await _failed(hub, found, network)
            await asyncio.sleep(earliest - asyncio.get_running_loop().time())
            raise WrongCredentials
    for limit, subject in spent:
        await limits.give_back(hub.redis, limit, subject)
    person = await _one_of(hub, right, input.tenant)
    return await _open_session(hub, person, input.email)


async def _admit(hub: Hub, email: str, network: str, device: str | None) -> list[tuple[limits.Limit, str]]:
    """Count the attempt and return what was counted. Delay it when the account is under attack. Raises TooManySignIns."""
    if device is not None:
        spent = [(limits.OF_DEVICE, device)]
        if await limits.spend(hub.redis, *spent[0]) <= limits.OF_DEVICE.times:
            return spent
    spent = [(limits.OF_ACCOUNT_AT_ADDRESS, f"{email} {network}"), (limits.OF_ADDRESS, network), (limits.OF_ACCOUNT, email)]
    for limit, subject in spent[:2]:
        count = await limits.spend(hub.redis, limit, subject)
        if count > limit.times:
            if count == limit.times + 1:
                await _record(hub, await _people(hub, email), actions.ACCESS_SIGN_IN_REFUSED, network)
            raise TooManySignIns(retryAfter=limit.seconds)
    if delay := limits.delay_of(await limits.spend(hub.redis, *spent[2])):
        await asyncio.sleep(delay)
    return spent


async def _people(hub: Hub, email: str) -> Sequence[Row[Any]]:
    async with hub.work(ANONYMOUS, read_only=True) as work:
        return await repository.find_people(work.session, email)


async def _matching(found: Sequence[Row[Any]], password: str) -> list[Row[Any]]:
    """Return the people with this email and password. An unknown email takes as long as a wrong password."""

    def check() -> list[Row[Any]]:
        if not found:
            password_matches(nobodys_hash(), password)
        return [row for row in found if password_matches(row.password_hash, password) and not row.disabled]

    return await passwords.in_thread(check)


async def _failed(hub: Hub, found: Sequence[Row[Any]], network: str) -> None:
    if not found:
        log.info("a sign-in from %s failed: nobody has that email", network)
    await _record(hub, found, actions.ACCESS_SIGN_IN_FAILED, network)


async def _record(hub: Hub, found: Sequence[Row[Any]], action: AuditAction, network: str) -> None:
    """Record the refused attempt in the audit log of each tenant concerned."""
    for row in found:
        async with hub.work(system(row.tenant_id, "anonymous")) as work:
            work.audit(action, f"person:{row.id}", after={"address": network})


async def _one_of(hub: Hub, right: Sequence[Row[Any]], tenant: str | None) -> Row[Any]:
    """Return the person meant. One human may be a person of several tenants with the same password; then the tenant decides."""
    if len(right) == 1 and tenant is None:
        return right[0]
    names: dict[str, Row[Any]] = {}
    for row in right:
        async with hub.work(system(row.tenant_id), read_only=True) as work:
            names[await repository.tenant_name(work.session, row.tenant_id)] = row
    if tenant is None:
        raise TenantNeeded(
            f"This email and password belong to people of several tenants: {', '.join(sorted(names))}. Send the `tenant` to sign in to.", tenants=sorted(names)
        )
    if tenant not in names:
        raise WrongCredentials
    return names[tenant]


async def _open_session(hub: Hub, found: Row[Any], email: str) -> SignedIn:
    session_id, secret = new_id(), new_secret()
    async with hub.work(system(found.tenant_id)) as work:
        row = await repository.person(work.session, found.tenant_id, found.id)
        if row is None or row.disabled or row.password_hash != found.password_hash:  # changed while it was checked
            raise WrongCredentials
        roles = tuple(Role(role) for role in row.roles)
        await work.become(
            Actor(
                kind="person",
                name=row.email,
                tenant_id=row.tenant_id,
                person_id=row.id,
                email=row.email,
                session_id=session_id,
                roles=roles,
                permissions=permissions_of(roles),
            )
        )
        expires = work.now + timedelta(days=hub.settings.session_days)
        work.session.add(
            SessionRow(id=session_id, tenant_id=row.tenant_id, person_id=row.id, secret_hash=secret_hash(secret), created_at=work.now, expires_at=expires)
        )
        work.audit(actions.ACCESS_SIGN_IN, f"person:{row.id}")
        return SignedIn(await me(work), secret, device_cookie(_key(hub), email, secrets.token_urlsafe(16)))


async def change_password(hub: Hub, actor: Actor, input: ChangePassword) -> None:
    """Change the caller's own password and end the person's other sessions. Raises WrongCredentials, TooManySignIns, PasswordsBusy, Forbidden for a token."""
    if actor.kind != "person" or actor.person_id is None:
        raise Forbidden("A token cannot change a password. Sign in as the person to change it.")
    subject, callers = str(actor.person_id), (f"person {actor.person_id}", f"tenant {actor.tenant_id}")
    with passwords.turn(*callers):
        if await limits.spend(hub.redis, limits.OF_PASSWORD_CHANGES, subject) > limits.OF_PASSWORD_CHANGES.times:
            raise TooManySignIns("Too many wrong passwords. Wait fifteen minutes, or have the password reset from the command line.", retryAfter=limits.WINDOW)
        async with hub.work(actor, read_only=True) as work:
            row = await repository.read_person(work.session, work.tenant_id, actor.person_id)
        if row is None:
            raise PersonNotFound
        before = row.password_hash
        if not await passwords.in_thread(lambda: password_matches(before, input.current)):
            async with hub.work(actor) as work:
                work.audit(actions.ACCESS_CHANGE_PASSWORD_FAILED, f"person:{actor.person_id}")
            raise WrongCredentials("The current password is wrong. Send the password that you sign in with now.")
        new = await passwords.in_thread(lambda: hash_password(input.new))
    async with hub.work(actor) as work:
        changed = await repository.person(work.session, work.tenant_id, actor.person_id)
        if changed is None or changed.disabled or changed.password_hash != before:
            raise WrongCredentials("The password was changed meanwhile. Sign in with the new password and try again.")
        changed.password_hash = new
        await repository.revoke_sessions(work.session, work.tenant_id, changed.id, work.now, but=actor.session_id)
        work.audit(actions.ACCESS_CHANGE_PASSWORD, f"person:{changed.id}")
    await limits.give_back(hub.redis, limits.OF_PASSWORD_CHANGES, subject)


def _key(hub: Hub) -> str:
    return hub.settings.secret_key or ""
