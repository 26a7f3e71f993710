import asyncpg
import pytest

from backend.adapters.arq_queue import queue_name
from backend.hub import Hub
from backend.settings import Settings

REAL_WORKERS = ("test_blocked_loop", "test_skewed_clocks", "test_toy_slice", "test_trusted_runs")


@pytest.fixture(autouse=True)
async def idle(request: pytest.FixtureRequest, hub: Hub, settings: Settings) -> None:
    """Real workers take up every run that there is: those that other tests left behind would hold their slots."""
    if request.module.__name__.rpartition(".")[2] in REAL_WORKERS:
        owner = await asyncpg.connect(settings.database_url)
        try:
            await owner.execute("UPDATE runs SET status = 'cancelled', finished_at = hub_now() WHERE status IN ('queued', 'running', 'lost')")
        finally:
            await owner.close()
        await hub.redis.delete(*(queue_name(queue) for queue in ("default", "training", "crons")))
