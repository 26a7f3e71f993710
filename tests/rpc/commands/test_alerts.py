"""`tiltyard alerts`: from the list to the silence, at the command line."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from backend.alerts import service
from backend.alerts.settle import settle
from backend.declarations.alerts import Finding
from backend.hub import Hub
from backend.settings import Settings
from rpc.cli import main
from rpc.commands.shared.ready import SignIn, keep_access
from schemas.alerts import ListAlerts, Severity
from tests.support.tenants import Tenant

Tool = Callable[..., Any]


@pytest.fixture
def alerts(settings: Settings, tenant: Tenant) -> Tool:
    """Runs `tiltyard alerts` on the test's hub."""
    (settings.data_dir / "secrets").mkdir(exist_ok=True)
    keep_access(settings.data_dir, SignIn(email=tenant.email))
    environment = {
        "TILTYARD_DATA_DIR": str(settings.data_dir),
        "TILTYARD_DATABASE_URL": settings.database_url,
        "TILTYARD_REDIS_URL": settings.redis_url,
        "TILTYARD_SECRET_KEY": settings.secret_key,
    }

    async def run(*arguments: str, fails: bool = False) -> str:
        result: Result = await asyncio.to_thread(CliRunner().invoke, main, ["alerts", *arguments], env=environment)
        assert (result.exit_code != 0) is fails, result.output
        return result.output

    return run


async def test_an_alert_is_listed_acknowledged_silenced_and_heard_again(alerts: Tool, hub: Hub, tenant: Tenant) -> None:
    assert await alerts("list") == "No alert is open.\n"
    async with hub.work(tenant.admin) as work:
        await settle(work, {"tests.fact"}, [Finding("tests.fact", "thing:1", Severity.HIGH, "It is so.", "Mend it.")])
        await work.session.flush()
        (alert,) = await service.browse(work, ListAlerts())
    told = await alerts("list")
    assert str(alert.id) in told
    assert "high" in told
    assert "Mend it." in told
    assert await alerts("list", "--severity", "low") == "No alert is open.\n"
    assert f"acknowledged by {tenant.email}" in await alerts("acknowledge", str(alert.id), "--note", "on it")
    assert "silenced until" in await alerts("silence", str(alert.id), "--hours", "2", "--reason", "maintenance")
    assert "maintenance" in await alerts("history", "--subject", "thing:")
    assert "acknowledged" in await alerts("unsilence", str(alert.id))
    assert "not silenced" in await alerts("unsilence", str(alert.id), fails=True)


async def test_the_retention_is_shown_and_changed(alerts: Tool) -> None:
    assert "365 days" in await alerts("retention")
    assert "30 days" in await alerts("retention", "--days", "30")
    assert "forever" in await alerts("retention", "--for-good")
    assert "forever" in await alerts("retention")
    assert "not both" in await alerts("retention", "--for-good", "--days", "1", fails=True)
