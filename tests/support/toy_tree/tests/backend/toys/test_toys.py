"""Everything that the slice declares works, with the hub's own processes. It runs in a copy of the project to which the slice was added."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
from click.testing import CliRunner

from backend.access.authenticate import authenticate_token
from backend.access.permissions import P
from backend.access.tokens import create_token
from backend.errors import Forbidden
from backend.hub import Hub
from backend.live.service import Topic, follow
from backend.metrics import Metrics
from backend.settings import Settings
from backend.toys.events import TOY_CHANGED
from backend.work.unit import UnitOfWork
from rpc.cli import main
from schemas.access import CreateToken, Role
from schemas.toys import Toy
from tests.support.procedures import do
from tests.support.tenants import Tenant
from tests.support.worker import start_worker
from tests.workers.test_trusted_runs import until


async def nothing(work: UnitOfWork) -> list[Toy]:
    return []


async def heard_of(hub: Hub, tenant: Tenant, said: dict[str, object]) -> Toy:
    """Make a toy; what the event of its weighing tells."""
    async with aclosing(follow(hub, tenant.admin, Topic(TOY_CHANGED, nothing), "0")) as items, asyncio.timeout(60):
        await do(hub, tenant.admin, "toys.make", said)
        async for _, toy in items:
            if toy.weight is not None:
                return toy
    raise AssertionError("unheard of")


async def test_run_schedule_event_alert_audit_action_and_metric(hub: Hub, tenant: Tenant, settings: Settings, tmp_path: Path) -> None:
    worker = start_worker(settings, tmp_path / "worker.log", "workers.main")
    try:
        toy = await heard_of(hub, tenant, {"name": "bear", "size": 60})
        assert (toy.name, toy.weight) == ("bear", 120)

        async def weighed() -> bool:
            return [run["result"] for run in await do(hub, tenant.admin, "runs.list", {"kind": "toys.weigh"})] == [{"weight": 120}]

        async def alerted() -> bool:
            return [one["kind"] for one in await do(hub, tenant.admin, "alerts.list", {})] == ["toy.too_heavy"]

        async def counted() -> bool:
            return int(await hub.redis.get("toys:ticks") or 0) >= 2

        await until(weighed)
        await until(alerted)
        await until(counted)
    finally:
        worker.kill()
        worker.wait(10)
    assert [one["subject"] for one in (await do(hub, tenant.admin, "audit.list", {"action": "toys.make"}))["items"]] == [f"toy:{toy.id}"]
    series = dict(line.split(" ") for line in (await Metrics(hub).render()).decode().splitlines() if line.startswith("tiltyard_toy_ticks"))
    assert float(series["tiltyard_toy_ticks"]) >= 2


async def test_its_permission_belongs_to_roles_and_to_tokens_like_any_other(hub: Hub, tenant: Tenant) -> None:
    said = {"name": "duck", "size": 1}
    assert P("toy:toy:make") in tenant.admin.permissions
    with pytest.raises(Forbidden, match="toy:toy:make"):
        await do(hub, tenant.acting_as(Role.VIEWER), "toys.make", said)
    async with hub.work(tenant.admin) as work:
        created = await create_token(work, CreateToken(name="toys", scopes=["toy:toy:make"], expires_in_days=1))
    maker = await authenticate_token(hub, created.secret)
    assert maker is not None
    assert (await do(hub, maker, "toys.make", said))["name"] == "duck"
    with pytest.raises(Forbidden):
        await do(hub, maker, "runs.list", {})


async def test_its_command_is_found_and_acts(hub: Hub, tenant: Tenant, settings: Settings) -> None:
    environment = {
        "TILTYARD_DATA_DIR": str(settings.data_dir),
        "TILTYARD_DATABASE_URL": settings.database_url,
        "TILTYARD_REDIS_URL": settings.redis_url,
        "TILTYARD_SECRET_KEY": settings.secret_key,
    }
    done = await asyncio.to_thread(CliRunner().invoke, main, ["toys", "ball", "3", "--email", tenant.email], env=environment)
    assert (done.exit_code, done.output) == (0, "ball is made.\n")
    listed = await asyncio.to_thread(CliRunner().invoke, main, ["--help"])
    assert "Make a toy." in listed.output
