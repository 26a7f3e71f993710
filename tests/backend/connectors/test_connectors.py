"""Connectors as their administrators and users know them."""

import dataclasses

import msgspec
import pytest
from sqlalchemy import text

from backend.adapters.vault import AesVault, LocalKeys
from backend.audit import service as audit
from backend.connectors import calls, service
from backend.connectors.errors import (
    BaseUrlRefused,
    ConnectorDisabled,
    ConnectorInUse,
    ConnectorNameTaken,
    ConnectorNotFound,
    KeyUnreadable,
    NoKek,
    ProviderKeyRefused,
)
from backend.hub import Hub
from schemas.audit import ListAudit
from schemas.connectors import Connector, ConnectorRef, CreateConnector, Provider, RotateConnector
from tests.backend.connectors.conftest import KEY, URL
from tests.support.openai_server import Fault, OpenAiServer
from tests.support.tenants import Tenant

OTHER_KEY = "sk-proj-another0another0another"


async def make(hub: Hub, tenant: Tenant, name: str = "Models", key: str = KEY, url: str = URL) -> Connector:
    async with hub.work(tenant.admin) as work:
        return await service.create(work, CreateConnector(name=name, provider=Provider.COMPATIBLE, api_key=key, base_url=url))


async def listed(hub: Hub, tenant: Tenant) -> list[Connector]:
    async with hub.work(tenant.admin, read_only=True) as work:
        return await service.list_connectors(work)


async def after_test(hub: Hub, tenant: Tenant, made: Connector) -> Connector:
    async with hub.work(tenant.admin) as work:
        return await calls.test(work, ConnectorRef(connector_id=made.id))


async def execute(hub: Hub, tenant: Tenant, statement: str, **values: object) -> None:
    async with hub.work(tenant.admin) as work:
        await work.session.execute(text(statement), values)


async def test_a_list_tells_provider_last_characters_and_test_but_no_key(hub: Hub, tenant: Tenant) -> None:
    made = await make(hub, tenant)
    await after_test(hub, tenant, made)
    (shown,) = await listed(hub, tenant)
    assert (shown.provider, shown.last4, shown.base_url, shown.fine_tuning) == (Provider.COMPATIBLE, KEY[-4:], URL, True)
    assert shown.last_test is not None
    assert (shown.last_test.ok, shown.last_test.models) == (True, 3)
    assert KEY[:-4] not in msgspec.json.encode(shown).decode()


async def test_of_a_short_key_nothing_is_shown(hub: Hub, tenant: Tenant) -> None:
    assert (await make(hub, tenant, key="ollama")).last4 == ""


async def test_a_name_is_there_once_in_a_tenant_whatever_its_case(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    await make(hub, tenant)
    with pytest.raises(ConnectorNameTaken):
        await make(hub, tenant, name="MODELS")
    await make(hub, other_tenant)


async def test_another_tenant_sees_and_reaches_nothing_even_by_sql(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    made = await make(hub, tenant)
    async with hub.work(tenant.admin) as work:
        await service.hold(work, made.id, "job:1")
    assert await listed(hub, other_tenant) == []
    async with hub.work(other_tenant.admin) as work:
        for table in ("connectors", "connector_secrets", "connector_uses"):
            assert (await work.session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0
        for call in (service.access(work, made.id), service.hold(work, made.id, "job:2"), service.delete(work, ConnectorRef(connector_id=made.id))):
            with pytest.raises(ConnectorNotFound):
                await call


async def test_a_failed_test_is_kept_with_what_went_wrong(hub: Hub, tenant: Tenant, provider: OpenAiServer) -> None:
    made = await make(hub, tenant)
    provider.fail(Fault.BAD_KEY)
    outcome = (await after_test(hub, tenant, made)).last_test
    assert outcome is not None
    assert (outcome.ok, outcome.reason) == (False, "PROVIDER_KEY_REFUSED")
    assert (await listed(hub, tenant))[0].last_test == outcome


async def test_another_key_takes_the_place_of_the_one_before(hub: Hub, tenant: Tenant, provider: OpenAiServer) -> None:
    provider.keys = {OTHER_KEY}
    made = await make(hub, tenant)
    assert (await after_test(hub, tenant, made)).last_test.ok is False  # type: ignore[union-attr]  # just tested
    async with hub.work(tenant.admin) as work:
        rotated = await service.rotate(work, RotateConnector(connector_id=made.id, api_key=OTHER_KEY))
    assert (rotated.last4, rotated.last_test, rotated.rotated_at is not None) == (OTHER_KEY[-4:], None, True)
    assert (await after_test(hub, tenant, made)).last_test.ok is True  # type: ignore[union-attr]  # just tested


@pytest.mark.parametrize("change", ["base_url = 'https://evil.example.com/v1'", "base_url = 'https://models.example.com:8443/v1'", "provider = 'openai'"])
async def test_a_changed_address_or_provider_makes_the_key_unreadable_and_asks_for_it_again(
    hub: Hub, tenant: Tenant, provider: OpenAiServer, change: str
) -> None:
    made = await make(hub, tenant)
    await execute(hub, tenant, f"UPDATE connectors SET {change} WHERE id = :id", id=made.id)
    async with hub.work(tenant.admin) as work:
        with pytest.raises(KeyUnreadable, match="Enter it again"):
            await service.access(work, made.id)
    outcome = (await after_test(hub, tenant, made)).last_test
    assert outcome is not None
    assert outcome.reason == "KEY_UNREADABLE"
    assert provider.asked == []
    async with hub.work(tenant.admin) as work:
        await service.rotate(work, RotateConnector(connector_id=made.id, api_key=KEY))
        assert (await service.access(work, made.id)).key.reveal() == KEY


async def test_a_path_may_change_within_the_origin(hub: Hub, tenant: Tenant) -> None:
    made = await make(hub, tenant)
    await execute(hub, tenant, "UPDATE connectors SET base_url = 'https://models.example.com/v2' WHERE id = :id", id=made.id)
    async with hub.work(tenant.admin) as work:
        assert (await service.access(work, made.id)).key.reveal() == KEY


async def test_a_sealed_key_moved_to_another_connector_is_unreadable(hub: Hub, tenant: Tenant) -> None:
    mine, target = await make(hub, tenant), await make(hub, tenant, name="Target", key=OTHER_KEY)
    await execute(
        hub,
        tenant,
        """UPDATE connector_secrets t SET wrapped_key = s.wrapped_key, ciphertext = s.ciphertext FROM connector_secrets s
           WHERE s.connector_id = :mine AND t.connector_id = :target""",
        mine=mine.id,
        target=target.id,
    )
    async with hub.work(tenant.admin) as work:
        with pytest.raises(KeyUnreadable):
            await service.access(work, target.id)


async def test_an_address_goes_only_with_its_key(hub: Hub, tenant: Tenant) -> None:
    made = await make(hub, tenant)
    moved = "https://gateway.example.com/openai/v1"
    async with hub.work(tenant.admin) as work:
        await service.rotate(work, RotateConnector(connector_id=made.id, api_key=OTHER_KEY, base_url=moved))
        reached = await service.access(work, made.id)
    assert (reached.base_url, reached.key.reveal()) == (moved, OTHER_KEY)
    with pytest.raises(BaseUrlRefused):
        async with hub.work(tenant.admin) as work:
            await service.rotate(work, RotateConnector(connector_id=made.id, api_key=KEY, base_url="https://127.0.0.1/v1"))
    assert (await listed(hub, tenant))[0].base_url == moved


async def test_a_disabled_connector_is_not_used_until_it_is_enabled(hub: Hub, tenant: Tenant) -> None:
    made = ConnectorRef(connector_id=(await make(hub, tenant)).id)
    async with hub.work(tenant.admin) as work:
        assert (await service.set_disabled(work, made, disabled=True)).disabled_at is not None
        for call in (calls.models(work, made), service.access(work, made.connector_id), service.hold(work, made.connector_id, "job:1")):
            with pytest.raises(ConnectorDisabled):
                await call
        assert (await service.set_disabled(work, made, disabled=False)).disabled_at is None
        assert len(await calls.models(work, made)) == 3


async def test_what_uses_a_connector_is_told_and_keeps_it(hub: Hub, tenant: Tenant) -> None:
    made = ConnectorRef(connector_id=(await make(hub, tenant)).id)
    async with hub.work(tenant.admin) as work:
        for _ in range(2):
            await service.hold(work, made.connector_id, "job:42")
    assert (await listed(hub, tenant))[0].used_by == ["job:42"]
    async with hub.work(tenant.admin) as work:
        with pytest.raises(ConnectorInUse, match="job:42"):
            await service.delete(work, made)
        await service.release(work, "job:42")
        await service.delete(work, made)
    assert await listed(hub, tenant) == []
    async with hub.work(tenant.admin) as work:
        assert (await work.session.execute(text("SELECT count(*) FROM connector_secrets"))).scalar_one() == 0


async def test_without_a_key_encryption_key_nothing_is_stored(hub: Hub, tenant: Tenant) -> None:
    bare = dataclasses.replace(hub, vault=AesVault(LocalKeys(None)))
    with pytest.raises(NoKek, match="TILTYARD_KEK"):
        await make(bare, tenant)
    assert await listed(hub, tenant) == []


async def test_an_answer_comes_through_a_stored_connector(hub: Hub, tenant: Tenant, provider: OpenAiServer) -> None:
    made = await make(hub, tenant)
    async with hub.work(tenant.admin, read_only=True) as work:
        reached = await service.access(work, made.id)
    schema = {"type": "object", "additionalProperties": False, "required": ["n"], "properties": {"n": {"type": "integer"}}}
    provider.answers = ['{"n": 7}']
    assert await hub.llm.structured(reached, schema, "s", "u", model="gpt-test") == {"n": 7}
    provider.keys = {OTHER_KEY}
    with pytest.raises(ProviderKeyRefused):
        await hub.llm.structured(reached, schema, "s", "u", model="gpt-test")


async def test_every_change_is_on_the_audit_log(hub: Hub, tenant: Tenant) -> None:
    made = ConnectorRef(connector_id=(await make(hub, tenant)).id)
    async with hub.work(tenant.admin) as work:
        await calls.test(work, made)
        await service.rotate(work, RotateConnector(connector_id=made.connector_id, api_key=OTHER_KEY))
        await service.set_disabled(work, made, disabled=True)
        await service.set_disabled(work, made, disabled=False)
        await service.delete(work, made)
    async with hub.work(tenant.admin, read_only=True) as work:
        entries = (await audit.browse(work, ListAudit(subject=f"connector:{made.connector_id}"))).items
    assert {entry.action.removeprefix("connectors.") for entry in entries} == {"create", "test", "rotate", "disable", "enable", "delete"}
