"""The keys that keys are encrypted with: checked at start, changed while everything runs."""

import dataclasses
import stat
from uuid import uuid4

import pytest
from sqlalchemy import text

from backend.actor import system
from backend.adapters.vault import AesVault, LocalKeys, new_key
from backend.connectors import keys, repository, service
from backend.connectors.errors import BadKek, KeyUnreadable, NoKek
from backend.hub import Hub
from backend.ports.secrets import Binding, Secret
from backend.settings import Settings
from backend.slices import run_kinds
from rpc.commands.shared.installation import complete, kek_path
from schemas.connectors import RotateConnector
from tests.backend.connectors.conftest import KEY
from tests.backend.connectors.test_connectors import OTHER_KEY, make
from tests.support.tenants import Tenant
from workers.execute import execute

BINDING = Binding(uuid4(), "api_key", "compatible", "https://models.example.com:443")


def with_keys(hub: Hub, *keks: str) -> Hub:
    return dataclasses.replace(hub, vault=AesVault(LocalKeys(",".join(keks))))


def newer(kek: str) -> str:
    return new_key(int(kek.partition(":")[0]) + 1)


async def read(hub: Hub, tenant: Tenant, connector_id: object) -> str:
    async with hub.work(tenant.admin, read_only=True) as work:
        return (await service.access(work, connector_id)).key.reveal()  # type: ignore[arg-type]  # a UUID


async def test_two_sealings_of_one_key_have_nothing_in_common(vault: AesVault) -> None:
    one, two = await vault.seal(Secret(KEY), BINDING), await vault.seal(Secret(KEY), BINDING)
    assert one.ciphertext != two.ciphertext
    assert one.wrapped_key != two.wrapped_key
    assert KEY.encode() not in one.ciphertext + one.wrapped_key


@pytest.mark.parametrize("field", ["connector_id", "field", "provider", "origin"])
async def test_a_key_opens_only_for_what_it_was_sealed_for(vault: AesVault, field: str) -> None:
    sealed = await vault.seal(Secret(KEY), BINDING)
    assert (await vault.open(sealed, BINDING)).reveal() == KEY
    other = dataclasses.replace(BINDING, **{field: uuid4() if field == "connector_id" else "other"})
    with pytest.raises(KeyUnreadable):
        await vault.open(sealed, other)


@pytest.mark.parametrize("part", ["wrapped_key", "ciphertext"])
async def test_a_changed_bit_is_noticed_wherever_it_is(vault: AesVault, part: str) -> None:
    sealed = await vault.seal(Secret(KEY), BINDING)
    stored = getattr(sealed, part)
    for at in range(len(stored)):
        changed = bytes([*stored[:at], stored[at] ^ 1, *stored[at + 1 :]])
        with pytest.raises(KeyUnreadable):
            await vault.open(dataclasses.replace(sealed, **{part: changed}), BINDING)
    with pytest.raises(KeyUnreadable):
        await vault.open(dataclasses.replace(sealed, **{part: b""}), BINDING)


@pytest.mark.parametrize(
    "setting",
    ["1", "1:", "1:abc", "x:" + new_key(1)[2:], "0:" + new_key(1)[2:], f"{new_key(1)},{new_key(1)}", new_key(1)[:-8]],
    ids=["no key", "empty", "short", "no number", "zero", "twice", "cut off"],
)
def test_a_setting_that_is_no_key_is_refused_without_repeating_it(setting: str) -> None:
    with pytest.raises(BadKek) as refused:
        LocalKeys(setting)
    assert setting.partition(":")[2] == "" or setting.partition(":")[2] not in str(refused.value)


async def test_a_process_with_a_wrong_key_does_not_start_and_stores_nothing(hub: Hub, tenant: Tenant, kek: str) -> None:
    await keys.check_at_start(hub)
    await keys.check_at_start(hub)
    version = kek.partition(":")[0]
    wrong = with_keys(hub, new_key(int(version)))
    with pytest.raises(BadKek, match=f"version {version}"):
        await keys.check_at_start(wrong)
    with pytest.raises(BadKek):
        await make(wrong, tenant)


async def test_a_key_is_changed_while_both_are_live_and_then_the_old_one_is_gone(hub: Hub, tenant: Tenant, kek: str) -> None:
    fresh = newer(kek)
    first = await make(hub, tenant)
    both, new = with_keys(hub, fresh, kek), with_keys(hub, fresh)
    second = await make(both, tenant, name="Second", key=OTHER_KEY)
    with pytest.raises(KeyUnreadable, match="TILTYARD_KEK"):
        await read(new, tenant, first.id)
    assert tenant.admin.tenant_id in {actor.tenant_id for actor in await keys.tenants_to_rewrap(both)}
    assert await keys.rewrap(both, system(tenant.admin.tenant_id)) == keys.Rewrapped(1, ())
    assert await keys.rewrap(both, system(tenant.admin.tenant_id)) == keys.Rewrapped(0, ())
    assert tenant.admin.tenant_id not in {actor.tenant_id for actor in await keys.tenants_to_rewrap(both)}
    assert (await read(new, tenant, first.id), await read(new, tenant, second.id)) == (KEY, OTHER_KEY)
    with pytest.raises(KeyUnreadable):
        await read(with_keys(hub, kek), tenant, first.id)


async def test_a_key_rotated_during_a_rewrap_stays_the_rotated_one(hub: Hub, tenant: Tenant, kek: str) -> None:
    both = with_keys(hub, newer(kek), kek)
    made = await make(hub, tenant)
    async with hub.work(tenant.admin, read_only=True) as work:
        (row,) = await repository.sealed_elsewhere(work.session, work.tenant_id, both.vault.current or 0)
    async with hub.work(tenant.admin) as work:
        await service.rotate(work, RotateConnector(connector_id=made.id, api_key=OTHER_KEY))
    stale = await both.vault.rewrap(repository.sealed_of(row), Binding(row.connector_id, row.field, "", ""))
    async with hub.work(tenant.admin) as work:
        assert await repository.replace_wrapping(work.session, row, stale) is False
    assert await read(hub, tenant, made.id) == OTHER_KEY


async def test_a_key_that_cannot_be_read_is_named_and_does_not_stop_the_others(hub: Hub, tenant: Tenant, kek: str) -> None:
    lost, fine = await make(hub, tenant), await make(hub, tenant, name="Fine")
    async with hub.work(tenant.admin) as work:
        await work.session.execute(text("UPDATE connector_secrets SET wrapped_key = '\\x00' WHERE connector_id = :id"), {"id": lost.id})
    both = with_keys(hub, newer(kek), kek)
    assert await keys.rewrap(both, system(tenant.admin.tenant_id)) == keys.Rewrapped(1, (lost.id,))
    assert await read(both, tenant, fine.id) == KEY


async def test_a_worker_carries_the_rewrap_out_as_a_run(hub: Hub, tenant: Tenant, kek: str) -> None:
    from backend.runs import service as runs
    from schemas.runs import RunRef

    made = await make(hub, tenant)
    both = with_keys(hub, newer(kek), kek)
    async with both.work(tenant.admin) as work:
        run = await runs.start(work, keys.REWRAP_RUN, "connectors", {})
    await execute(both, run_kinds(), "w1", run)
    async with both.work(tenant.admin, read_only=True) as work:
        done = await runs.get(work, RunRef(run_id=run))
    assert (done.status, done.result) == ("succeeded", {"rewrapped": 1, "unreadable": []})
    assert await read(both, tenant, made.id) == KEY


async def test_without_a_key_there_is_nothing_to_go_over_to(hub: Hub, tenant: Tenant) -> None:
    with pytest.raises(NoKek):
        await keys.rewrap(with_keys(hub), system(tenant.admin.tenant_id))


def test_an_embedded_installation_makes_its_own_key_and_keeps_it_private(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "secrets").mkdir()
    mine = Settings(data_dir=tmp_path, secret_key="s")
    made = complete(mine, None).kek
    assert LocalKeys(made).versions == (1,)
    assert complete(mine, None).kek == made
    assert stat.S_IMODE(kek_path(tmp_path).stat().st_mode) == 0o600
    assert complete(Settings(data_dir=tmp_path, secret_key="s", kek="given"), None).kek == "given"


def test_an_installation_with_a_database_of_its_own_is_given_its_key(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "secrets").mkdir()
    assert complete(Settings(data_dir=tmp_path, secret_key="s", database_url="postgresql://x", redis_url="redis://x"), None).kek is None
