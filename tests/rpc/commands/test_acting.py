"""Commands that change or read something go the way of a call over HTTP: the same permissions, checks and audit entries."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from backend.access.permissions import P
from backend.access.tokens import create_token
from backend.hub import Hub
from backend.settings import Settings
from rpc.cli import main
from rpc.commands.shared.ready import SignIn, keep_access
from schemas.access import CreateToken
from tests.support.group import serve_group
from tests.support.tenants import Tenant

Tool = Callable[..., Any]


@pytest.fixture
def tiltyard(settings: Settings, tenant: Tenant) -> Tool:
    """Runs a command on the test's hub."""
    (settings.data_dir / "secrets").mkdir(exist_ok=True)
    keep_access(settings.data_dir, SignIn(email=tenant.email))
    environment = {
        "TILTYARD_DATA_DIR": str(settings.data_dir),
        "TILTYARD_DATABASE_URL": settings.database_url,
        "TILTYARD_REDIS_URL": settings.redis_url,
        "TILTYARD_SECRET_KEY": settings.secret_key,
        "TILTYARD_SOLO": "1",
    }

    async def run(*arguments: str, **more: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, main, list(arguments), env={**environment, **more})

    return run


async def test_halt_resume_and_the_logs_commands_are_calls(hub: Hub, tenant: Tenant, tiltyard: Tool, tmp_path: Path) -> None:
    group = (await serve_group(hub, tenant)).group.slug
    halted = await tiltyard("halt", group, "--reason", "wrong data")
    assert (halted.exit_code, "halted by" in halted.stdout) == (0, True), halted.output
    resumed = await tiltyard("resume", group, "--reason", "mended")
    assert resumed.exit_code == 0, resumed.output
    assert (await tiltyard("export-log", "--layout", "kserve", "--output", str(tmp_path / "log"), group)).exit_code == 0
    lines = tmp_path / "lines"
    lines.write_text('{"nothing": 1}\n')
    refused = await tiltyard("import-log", "--layout", "databricks", group, str(lines))
    assert (refused.exit_code, "1 lines refused" in refused.stdout) == (2, True), refused.output
    async with hub.work(tenant.admin, read_only=True) as work:
        found = await work.session.execute(text("SELECT action, actor FROM audit_entries WHERE subject = :group"), {"group": f"group:{group}"})
        said = {row.action: row.actor for row in found}
    for action in ("groups.halt", "groups.resume", "inference.exportLog", "inference.importLog"):
        assert said[action] == f"{tenant.email} (command line)"


async def test_a_token_without_the_scope_is_refused_and_a_bad_input_is_pointed_at(hub: Hub, tenant: Tenant, tiltyard: Tool) -> None:
    async with hub.work(tenant.admin) as work:
        made = await create_token(work, CreateToken(name="narrow", scopes=[P.GROUP_GROUP_READ]))
    for command in (("halt", "live"), ("export-log", "--layout", "kserve", "live")):
        done = await tiltyard(*command, TILTYARD_TOKEN=made.secret)
        assert done.exit_code == 1
        assert "this needs the permission" in done.stderr
    done = await tiltyard("halt", "Not a slug")
    assert done.exit_code == 1
    assert "/slug" in done.stderr
    assert json.dumps(done.stderr).count("Traceback") == 0
