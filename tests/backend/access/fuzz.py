"""Random people, roles, tokens, demotions and open connections, against a model of who may do what: `make fuzz-access CASES=20000`.

The last line is JSON: `{"cases": n, "violations": 0}`.
"""

import asyncio
import json
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import text

from backend.access import people, tokens
from backend.access.authenticate import authenticate_session, authenticate_token
from backend.access.permissions import GRANTABLE, P
from backend.access.rules import new_secret, permissions_of, secret_hash
from backend.access.tables import SessionRow
from backend.actor import Actor
from backend.errors import HubError
from backend.hub import Hub
from backend.ids import new_id
from rpc.core.call import Exchange
from rpc.core.context import Request
from rpc.host import ProductHost, cookie_name
from schemas.access import CreatePerson, CreateToken, PersonRef, Role, SetRoles, TokenRef
from tests.support.tenants import Tenant

HASH = "no password fits this"


@dataclass
class World:
    """What ought to be: roles and state by person, scopes and makers by token, and the connections that are open."""

    hub: Hub
    tenant: Tenant
    rng: random.Random
    roles: dict[UUID, set[Role]] = field(default_factory=dict)
    disabled: set[UUID] = field(default_factory=set)
    scopes: dict[UUID, set[str]] = field(default_factory=dict)
    owner: dict[UUID, UUID] = field(default_factory=dict)
    parent: dict[UUID, UUID | None] = field(default_factory=dict)
    dead: set[UUID] = field(default_factory=set)
    ended: set[UUID] = field(default_factory=set)
    """Sessions that ended with their person's being disabled."""
    open: list[Exchange] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def may(self, actor: Actor) -> frozenset[P]:
        """What the model says that an actor may do now."""
        assert actor.person_id is not None
        if actor.person_id in self.disabled or (actor.token_id is not None and self.is_dead(actor.token_id)):
            return frozenset()
        held = permissions_of(self.roles[actor.person_id])
        if actor.token_id is None:
            return held
        scopes = self.scopes[actor.token_id]
        return held if "*" in scopes else frozenset(one for one in held if one in scopes)

    def is_dead(self, token: UUID | None) -> bool:
        """Is the token, or one that it was made with, revoked?"""
        return token is not None and (token in self.dead or self.is_dead(self.parent.get(token)))

    def check(self, holds: bool, what: str) -> None:
        """Note it where it does not hold."""
        if not holds:
            self.violations.append(what)


async def run(hub: Hub, tenant: Tenant, cases: int, seed: int) -> list[str]:
    """So many random steps; what was violated."""
    assert tenant.admin.person_id is not None
    assert tenant.admin.token_id is not None
    world = World(hub, tenant, random.Random(seed))
    world.roles[tenant.admin.person_id] = {Role.ADMIN}
    world.scopes[tenant.admin.token_id], world.owner[tenant.admin.token_id] = {"*"}, tenant.admin.person_id
    world.parent[tenant.admin.token_id] = None
    await _open_session(world, tenant.admin.person_id)
    for at in range(cases):
        exchange = world.rng.choice(world.open)
        await _step(world, exchange)
        if at % 20 == 0:
            await _race(world)
        if len(world.open) > 30:
            world.open = world.rng.sample(world.open, 15)
        if not any(one.actor and world.may(one.actor) >= GRANTABLE for one in world.open):
            await _open_session(world, world.rng.choice([who for who, roles in world.roles.items() if Role.ADMIN in roles and who not in world.disabled]))
    return world.violations


async def _step(world: World, exchange: Exchange) -> None:
    """One call over an open connection: the rights of now decide."""
    before = exchange.caller()
    try:
        await exchange.renew()
    except HubError:
        gone = before.person_id in world.disabled or before.session_id in world.ended or world.is_dead(before.token_id)
        world.check(gone, f"{before.name} was thrown out without reason")
        world.open.remove(exchange)
        return
    actor, allowed = exchange.caller(), world.may(exchange.caller())
    world.check(actor.permissions == allowed, f"{actor.name} acts with {len(actor.permissions)} permissions, and holds {len(allowed)}")
    action = world.rng.choice((_create, _set_roles, _set_roles, _disable, _enable, _make_token, _make_token, _revoke))
    await action(world, actor, allowed)


def _some_roles(rng: random.Random) -> list[Role]:
    return rng.sample(list(Role), rng.choice((1, 1, 2, 3)))


async def _create(world: World, actor: Actor, allowed: frozenset[P]) -> None:
    roles = _some_roles(world.rng)
    said = CreatePerson(email=f"{new_id().hex}@fuzz.example", name="Fuzz", password="a long password", roles=roles)
    try:
        async with world.hub.work(actor) as work:
            made = await people.create_person(work, said, HASH)
    except HubError:
        world.check(not (P.ACCESS_PERSON_MANAGE in allowed and permissions_of(roles) <= allowed), "a person who may be added was refused")
        return
    world.check(P.ACCESS_PERSON_MANAGE in allowed and permissions_of(roles) <= allowed, f"{actor.name} gave {roles} holding less")
    world.roles[made.id] = set(roles)
    await _open_session(world, made.id)


async def _set_roles(world: World, actor: Actor, allowed: frozenset[P]) -> None:
    whom, roles = world.rng.choice(list(world.roles)), _some_roles(world.rng)
    had = permissions_of(world.roles[whom])
    try:
        async with world.hub.work(actor) as work:
            await people.set_roles(work, SetRoles(person_id=whom, roles=roles))
    except HubError:
        return
    world.check(P.ACCESS_PERSON_MANAGE in allowed and permissions_of(roles) - had <= allowed, f"{actor.name} gave {roles} holding less")
    world.roles[whom] = set(roles)
    await _one_administrator(world)


async def _disable(world: World, actor: Actor, allowed: frozenset[P]) -> None:
    whom = world.rng.choice(list(world.roles))
    try:
        async with world.hub.work(actor) as work:
            await people.disable_person(work, PersonRef(person_id=whom))
    except HubError:
        return
    world.check(P.ACCESS_PERSON_MANAGE in allowed, f"{actor.name} disabled somebody")
    world.disabled.add(whom)
    world.ended |= {one.actor.session_id for one in world.open if one.actor and one.actor.session_id and one.actor.person_id == whom}
    world.dead |= {token for token, owner in world.owner.items() if owner == whom}
    await _one_administrator(world)


async def _enable(world: World, actor: Actor, allowed: frozenset[P]) -> None:
    if not world.disabled:
        return
    whom = world.rng.choice(sorted(world.disabled))
    try:
        async with world.hub.work(actor) as work:
            await people.enable_person(work, PersonRef(person_id=whom))
    except HubError:
        return
    world.check(P.ACCESS_PERSON_MANAGE in allowed and permissions_of(world.roles[whom]) <= allowed, f"{actor.name} enabled somebody who may do more")
    world.disabled.discard(whom)


async def _make_token(world: World, actor: Actor, allowed: frozenset[P]) -> None:
    scopes = ["*"] if world.rng.random() < 0.3 else [str(one) for one in world.rng.sample(sorted(GRANTABLE), world.rng.randint(1, 4))]
    if P.ACCESS_TOKEN_MANAGE not in allowed:  # the pipeline refuses it
        return
    try:
        async with world.hub.work(actor) as work:
            made = await tokens.create_token(work, CreateToken(name="fuzz", scopes=scopes, expires_in_days=None))
    except HubError:
        world.check(not set(scopes) <= {*allowed, "*"}, "a token that may be made was refused")
        return
    world.check(set(made.token.scopes) <= {*allowed, "*"}, f"{actor.name} made a token of {scopes}")
    world.check(actor.token_id is None or "*" not in made.token.scopes, "a token passed on all that its person holds")
    assert actor.person_id is not None
    token = made.token.id
    world.scopes[token], world.owner[token], world.parent[token] = set(made.token.scopes), actor.person_id, actor.token_id
    await _open(world, Request(headers={"authorization": f"Bearer {made.secret}"}))
    found = await authenticate_token(world.hub, made.secret)
    world.check(found is not None and found.permissions <= allowed, "a token may do more than its maker")


async def _revoke(world: World, actor: Actor, allowed: frozenset[P]) -> None:
    token = world.rng.choice(list(world.scopes))
    mine = world.owner[token] == actor.person_id
    if P.ACCESS_TOKEN_MANAGE not in allowed:
        return
    try:
        async with world.hub.work(actor) as work:
            await tokens.revoke_token(work, TokenRef(token_id=token))
    except HubError:
        return
    world.check(mine or P.ACCESS_PERSON_MANAGE in allowed, f"{actor.name} revoked somebody else's token")
    world.dead.add(token)


async def _race(world: World) -> None:
    """Administrators who demote each other at the same time."""
    administrators = [one for one in world.open if one.actor and one.actor.token_id is None and world.may(one.actor) >= GRANTABLE][:4]
    actors = [one.caller() for one in administrators]
    if len({actor.person_id for actor in actors}) < 2:
        return

    async def demote(by: Actor, whom: UUID) -> None:
        async with world.hub.work(by) as work:
            await people.set_roles(work, SetRoles(person_id=whom, roles=[Role.VIEWER]))

    pairs = [(by, of.person_id) for by, of in zip(actors, [*actors[1:], actors[0]], strict=True) if of.person_id is not None]
    done = await asyncio.gather(*(demote(by, whom) for by, whom in pairs), return_exceptions=True)
    for (_, whom), one in zip(pairs, done, strict=True):
        if one is None:
            world.roles[whom] = {Role.VIEWER}
        else:
            world.check(isinstance(one, HubError), f"a demotion broke: {one!r}")
    await _one_administrator(world)


async def _one_administrator(world: World) -> None:
    async with world.hub.work(world.tenant.admin, read_only=True) as work:
        query = "SELECT count(*) FROM people WHERE 'admin' = ANY(roles) AND NOT disabled"
        world.check((await work.session.execute(text(query))).scalar_one() >= 1, "a tenant without an administrator")


async def _open_session(world: World, person: UUID) -> None:
    secret = new_secret()
    async with world.hub.work(world.tenant.admin) as work:
        row = {"id": new_id(), "tenant_id": work.tenant_id, "person_id": person, "secret_hash": secret_hash(secret), "created_at": work.now}
        work.session.add(SessionRow(**row, expires_at=work.now.replace(year=work.now.year + 1)))
    if await authenticate_session(world.hub, secret) is not None:
        await _open(world, Request(headers={"cookie": f"{cookie_name(world.hub.settings)}={secret}"}))


async def _open(world: World, request: Request) -> None:
    """A connection that stays open, as a WebSocket's does."""
    exchange = Exchange(ProductHost(world.hub), request)  # type: ignore[arg-type]  # a hub that predicts is not needed
    await exchange.authenticate()
    world.open.append(exchange)


def report(cases: int, violations: Sequence[str]) -> str:
    """The last line."""
    return json.dumps({"cases": cases, "violations": len(violations)})


def cases_asked(otherwise: int) -> int:
    """CASES of the environment."""
    return int(os.environ.get("CASES", otherwise))


def say(line: str) -> None:
    """Print, past a test's capture."""
    print(line, file=sys.__stdout__, flush=True)
