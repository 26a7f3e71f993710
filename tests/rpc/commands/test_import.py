"""`tiltyard import` into a running hub, as its user types it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from backend.hub import Hub
from backend.settings import Settings
from rpc.cli import main
from rpc.commands.import_file import DECISION, FINE, REFUSED
from tests.support.procedures import do
from tests.support.tenants import Tenant

ROOT = Path(__file__).resolve().parents[3]
LABELLED = ROOT / "tests/backend/importing/fixtures/labelled"
UNKNOWN = {"titel": "Churn", "guete": {"treffer": 0.91, "auc": 0.83}}


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    given = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "SECRET_KEY": settings.secret_key, "KEK": settings.kek}
    return {f"TILTYARD_{name}": value for name, value in given.items() if value} | {"TILTYARD_DATA_DIR": str(settings.data_dir)}


async def bring(environment: dict[str, str], tenant: Tenant, *arguments: str, given: bytes | None = None) -> Result:
    command = ["import", *arguments, "--token", tenant.token]
    return await asyncio.to_thread(lambda: CliRunner().invoke(main, command, env=environment, input=given))


async def test_a_file_becomes_a_version_and_the_same_shape_again_the_next_one_by_memory(hub: Hub, tenant: Tenant, environment: dict[str, str]) -> None:
    done = await bring(environment, tenant, str(LABELLED / "doc14.json"), "--model", "Churn")
    assert (done.exit_code, "Kept as Churn v1.0" in done.output) == (FINE, True), done.output
    again = await bring(environment, tenant, str(LABELLED / "doc14.json"), "--model", "churn", "--json")
    assert list(json.loads(again.stdout)) == ["document", "provenance", "unmapped", "contradictions", "several_models", "format", "mapping"]
    for said in ("Read with the mapping", "The same bytes are Churn v1.0 already", "Kept as Churn v1.1"):
        assert said in again.stderr
    versions = await do(hub, tenant.admin, "models.versions", {"slug": "churn"})
    assert [one["label"] for one in versions] == ["v1.1", "v1.0"]


async def test_several_models_keep_nothing_until_one_is_picked(hub: Hub, tenant: Tenant, environment: dict[str, str]) -> None:
    done = await bring(environment, tenant, str(LABELLED / "doc10.json"))
    assert (done.exit_code, "Nothing is stored yet" in done.output) == (DECISION, True)
    assert (await do(hub, tenant.admin, "models.list", {}))["items"] == []
    picked = await bring(environment, tenant, str(LABELLED / "doc10.json"), "--pick", "xgboost")
    assert (picked.exit_code, "Kept as XGBoost v1.0" in picked.output) == (FINE, True)


async def test_a_refused_file_and_an_unknown_connector_are_exit_code_1(tenant: Tenant, environment: dict[str, str]) -> None:
    done = await bring(environment, tenant, "-", given=b"a,b\n1,2\n")
    assert (done.exit_code, "table" in done.output) == (REFUSED, True)
    done = await bring(environment, tenant, str(LABELLED / "doc14.json"), "--connector", "Nowhere")
    assert (done.exit_code, "There is no connector 'Nowhere'" in done.output) == (REFUSED, True)


@pytest.fixture
def provider() -> Iterator[str]:
    """The test server as a process of its own: its base URL."""
    command = [sys.executable, "-m", "tests.support.openai_server", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


async def control(base_url: str, what: str, **said: Any) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        (await http.post(base_url.replace("/v1", f"/control/{what}"), json=said)).raise_for_status()


async def test_a_language_model_is_asked_through_a_connector_and_what_it_did_is_told(
    hub: Hub, tenant: Tenant, environment: dict[str, str], provider: str, tmp_path: Path
) -> None:
    host = provider.removeprefix("http://").removesuffix("/v1")
    environment |= {"TILTYARD_PRIVATE_HOSTS": host}
    connector = json.dumps({"name": "Local", "provider": "compatible", "api_key": "sk-none-none-none", "base_url": provider})
    made = await asyncio.to_thread(lambda: CliRunner().invoke(main, ["call", "connectors.create", connector, "--token", tenant.token], env=environment))
    assert made.exit_code == 0, made.output
    file = tmp_path / "modell.json"
    file.write_text(json.dumps(UNKNOWN))
    title = {"kind": "scalar", "source": "/titel", "target": "/name", "transform": None, "const": None, "parts": None}
    await control(provider, "answers", answer=json.dumps({"rules": [title]}))
    dry = await bring(environment, tenant, str(file), "--connector", "local", "--agree", "--dry-run")
    assert dry.exit_code == FINE, dry.output
    assert "Local (gpt-test): 1 rule taken, 0 refused; 1 call," in dry.output
    assert (await do(hub, tenant.admin, "models.list", {}))["items"] == []
    await control(provider, "faults", fault="rate_limit", path="/v1/chat")
    busy = await bring(environment, tenant, str(file), "--connector", "local", "--llm-model", "gpt-test")
    assert busy.exit_code == FINE, busy.output
    assert "PROVIDER_BUSY" in busy.output
    assert "The hub's own reading is used" in busy.output
    assert "Kept as modell v1.0" in busy.output
