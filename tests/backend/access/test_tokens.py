"""API tokens."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from backend.access import tokens
from backend.access.authenticate import authenticate_token
from backend.access.errors import ScopeNotHeld, TokenNotFound, UnknownScope
from backend.access.permissions import P
from backend.hub import Hub
from schemas.access import CreatedToken, CreateToken, Role, TokenRef
from tests.support.tenants import Tenant


async def create(hub: Hub, tenant: Tenant, *scopes: str) -> CreatedToken:
    async with hub.work(tenant.admin) as work:
        return await tokens.create_token(work, CreateToken(name="scoring", scopes=list(scopes)))


async def test_a_token_may_do_what_its_scopes_say_and_no_more(hub: Hub, tenant: Tenant) -> None:
    created = await create(hub, tenant, P.INFERENCE_GROUP_PREDICT)
    actor = await authenticate_token(hub, created.secret)
    assert actor is not None
    assert actor.permissions == {P.INFERENCE_GROUP_PREDICT}
    assert actor.tenant_id == tenant.admin.tenant_id


async def test_the_secret_is_kept_nowhere(hub: Hub, tenant: Tenant) -> None:
    created = await create(hub, tenant, "*")
    async with hub.work(tenant.admin, read_only=True) as work:
        kept = (await work.session.execute(text("SELECT t::text FROM api_tokens t UNION ALL SELECT a::text FROM audit_entries a"))).scalars().all()
    assert any("scoring" in row for row in kept)
    assert not any(created.secret in row for row in kept)


async def test_a_revoked_token_is_nobodys(hub: Hub, tenant: Tenant) -> None:
    created = await create(hub, tenant, "*")
    async with hub.work(tenant.admin) as work:
        revoked = await tokens.revoke_token(work, TokenRef(token_id=created.token.id))
    assert revoked.revoked_at is not None
    assert await authenticate_token(hub, created.secret) is None


async def test_an_expired_token_is_nobodys(hub: Hub, tenant: Tenant) -> None:
    created = await create(hub, tenant, "*")
    assert created.token.expires_at is not None
    async with hub.work(tenant.admin) as work:
        await work.session.execute(
            text("UPDATE api_tokens SET expires_at = :past WHERE id = :id"), {"past": work.now - timedelta(seconds=1), "id": created.token.id}
        )
    assert await authenticate_token(hub, created.secret) is None


async def test_a_token_loses_what_its_maker_loses(hub: Hub, tenant: Tenant) -> None:
    created = await create(hub, tenant, "*")
    async with hub.work(tenant.admin) as work:
        await work.session.execute(text("UPDATE people SET roles = '{viewer}' WHERE id = :id"), {"id": tenant.admin.person_id})
    actor = await authenticate_token(hub, created.secret)
    assert actor is not None
    assert P.GROUP_GROUP_PROMOTE not in actor.permissions


async def test_nobody_gives_a_token_more_than_they_hold(hub: Hub, tenant: Tenant) -> None:
    engineer = tenant.acting_as(Role.ENGINEER)
    with pytest.raises(ScopeNotHeld):
        async with hub.work(engineer) as work:
            await tokens.create_token(work, CreateToken(name="too much", scopes=[P.GROUP_GROUP_PROMOTE]))


async def test_an_unknown_scope_is_pointed_at(hub: Hub, tenant: Tenant) -> None:
    with pytest.raises(UnknownScope) as error:
        await create(hub, tenant, P.AUDIT_ENTRY_READ, "inference:group:everything")
    assert [issue.pointer for issue in error.value.issues] == ["/scopes/1"]


async def test_another_tenants_token_cannot_be_seen_or_revoked(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    created = await create(hub, tenant, "*")
    async with hub.work(other_tenant.admin) as work:
        assert created.token.id not in {token.id for token in await tokens.list_tokens(work)}
        with pytest.raises(TokenNotFound):
            await tokens.revoke_token(work, TokenRef(token_id=created.token.id))
