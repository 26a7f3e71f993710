"""`tiltyard connectors`: going over to a new key-encryption key from the command line."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from backend.adapters.vault import AesVault, LocalKeys, new_key
from backend.bootstrap import open_hub
from backend.connectors import service
from backend.hub import Hub
from backend.runs import service as runs
from backend.settings import Settings
from rpc.cli import main
from schemas.connectors import CreateConnector, Provider
from schemas.runs import ListRuns
from tests.support import servers
from tests.support.tenants import Tenant

KEY = "sk-proj-0123456789abcdefghijklmnop"


async def tool(settings: Settings, *arguments: str, command: str = "connectors") -> Result:
    given = msgspec.structs.asdict(settings)
    environment = {f"TILTYARD_{name.upper()}": None if value is None else str(value) for name, value in given.items()}
    return await asyncio.to_thread(CliRunner().invoke, main, [command, *arguments], env=environment)


@pytest.fixture
async def hub(settings: Settings, worker_number: int, template_database: str) -> AsyncIterator[Hub]:
    """A hub in a database of its own: going over to a new key concerns every connector there is."""
    mine = msgspec.structs.replace(settings, database_url=servers.database_url(f"rewrap_{worker_number}", template=template_database))
    async with open_hub(mine) as opened:
        yield opened
    servers.drop_database(f"rewrap_{worker_number}")


async def test_every_key_is_rewrapped_and_read_without_the_old_one(hub: Hub, tenant: Tenant) -> None:
    settings = hub.settings
    async with hub.work(tenant.admin) as work:
        made = await service.create(work, CreateConnector(name="Models", provider=Provider.OPENAI, api_key=KEY))
    fresh = (await tool(settings, "new-kek")).output.strip()
    assert fresh.startswith("2:")
    both = msgspec.structs.replace(settings, kek=f"{fresh},{settings.kek}")
    asked = await tool(both, "rewrap", "--background")
    assert (asked.exit_code, " started" in asked.output) == (0, True)
    async with hub.work(tenant.admin, read_only=True) as work:
        assert [run.kind for run in await runs.browse(work, ListRuns())] == ["connectors.rewrap"]
    done = await tool(both, "rewrap")
    assert (done.exit_code, "encrypted by version 2" in done.output) == (0, True), done.output
    new = dataclasses.replace(hub, vault=AesVault(LocalKeys(fresh)))
    async with new.work(tenant.admin, read_only=True) as work:
        assert (await service.access(work, made.id)).key.reveal() == KEY
    back = msgspec.structs.replace(settings, kek=f"{settings.kek},{fresh}")
    assert (await tool(back, "rewrap")).exit_code == 0
    assert KEY not in asked.output + done.output


async def test_a_new_key_goes_first_in_the_data_folders_file_and_the_old_ones_stay(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    for count in (1, 2, 3):
        assert (await tool(settings, "new-kek", "--keep")).exit_code == 0
        kept = LocalKeys((tmp_path / "secrets" / "kek").read_text())
        assert kept.versions == tuple(range(count, 0, -1))


async def test_a_file_that_is_not_used_is_not_written(tmp_path: Path) -> None:
    refused = await tool(Settings(data_dir=tmp_path, kek=new_key(4)), "new-kek", "--keep")
    assert (refused.exit_code, "TILTYARD_KEK" in refused.output) == (1, True)
    assert not (tmp_path / "secrets").exists()


async def test_the_doctor_tells_a_wrong_key_from_the_right_one_and_from_none(settings: Settings, hub: Hub, tenant: Tenant) -> None:
    async with hub.work(tenant.admin) as work:
        await service.create(work, CreateConnector(name="Models", provider=Provider.OPENAI, api_key=KEY))
    for kek, finding in ((settings.kek, "encrypted by version 1"), (new_key(1), "different key under version 1"), (None, "connectors cannot be created")):
        said = (await tool(msgspec.structs.replace(settings, kek=kek), command="doctor")).output
        assert finding in said, said
