"""`tiltyard call runs.cancel`: a person stops what a worker carries out, and what waits."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner

from backend.hub import Hub
from backend.settings import Settings
from rpc.cli import main
from schemas.runs import RunStatus
from tests.support.tenants import Tenant
from tests.support.worker import working
from tests.workers.test_trusted_runs import begins, look, notes, reaches, start

pytestmark = pytest.mark.busy

GENEROUS_SECONDS = 30
"""The hub promises two; a busy machine may take longer."""


async def cancel(settings: Settings, tenant: Tenant, run_id: UUID) -> tuple[int, str, str]:
    environment = {
        "TILTYARD_DATA_DIR": str(settings.data_dir),
        "TILTYARD_DATABASE_URL": settings.database_url,
        "TILTYARD_REDIS_URL": settings.redis_url,
        "TILTYARD_SECRET_KEY": settings.secret_key,
    }
    said = json.dumps({"run_id": str(run_id), "reason": "wrong group"})
    done = await asyncio.to_thread(CliRunner().invoke, main, ["call", "runs.cancel", said, "--email", tenant.email], env=environment)
    return done.exit_code, done.stdout, done.stderr


async def test_a_run_that_a_worker_carries_out_is_stopped(hub: Hub, tenant: Tenant, settings: Settings, tmp_path: Path) -> None:
    run_id = await start(hub, tenant, "toy.wait")
    with working(settings, tmp_path / "worker.log"):
        await begins(hub, run_id)
        code, told, _ = await cancel(settings, tenant, run_id)
        assert code == 0
        asked: dict[str, Any] = json.loads(told)
        assert (asked["status"], asked["cancel_requested_at"] is not None) == ("running", True)
        async with asyncio.timeout(GENEROUS_SECONDS):
            stopped = await reaches(hub, tenant, run_id, RunStatus.CANCELLED)
    assert stopped.error == f"Cancelled by {tenant.email} (command line): wrong group"
    assert (await notes(hub, run_id))[-1][0] == "cancelled by a person"
    code, _, told = await cancel(settings, tenant, run_id)
    assert (code != 0, "RUN_FINISHED" in told) == (True, True)


async def test_a_run_that_waits_is_cancelled_at_once(hub: Hub, tenant: Tenant, settings: Settings) -> None:
    run_id = await start(hub, tenant, "toy.wait")
    code, told, _ = await cancel(settings, tenant, run_id)
    assert (code, json.loads(told)["status"]) == (0, "cancelled")
    assert (await look(hub, tenant, run_id)).status is RunStatus.CANCELLED
