"""The only composition root: takes settings, returns a Hub."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from backend import tracing
from backend.adapters.arq_queue import ArqQueue
from backend.adapters.file_storage import open_files
from backend.adapters.guarded_transport import AddressGuard
from backend.adapters.openai_compatible import OpenAiCompatible
from backend.adapters.redis_client import open_redis
from backend.adapters.redis_wakeups import RedisWakeups
from backend.adapters.vault import AesVault, LocalKeys
from backend.connectors.rules import hosts_of
from backend.db.addresses import application_url
from backend.db.availability import UNREACHABLE
from backend.db.clock import HubClock, read_clock
from backend.db.engine import make_engine
from backend.decisions.early import EarlyDecisions
from backend.disk_space import DiskSpace
from backend.hub import Hub
from backend.outcomes.early_outcomes import EarlyOutcomes
from backend.ports.governance import NullGate, NullUseBounds
from backend.serving.process import Serving
from backend.settings import BadSetting, Settings
from backend.slices import SLICES, Slice, run_kinds
from backend.tallies.update import TallyUpdates

OBSERVERS = (TallyUpdates(), EarlyOutcomes(), EarlyDecisions())
"""Observers of the logs, in order: an early outcome is tallied after its row."""

CLOCK_SECONDS = 2.0
"""Seconds that a starting process waits for the hub's time."""


@dataclass(frozen=True)
class ServingHub(Hub):
    """The hub of a process that answers predictions."""

    serving: Serving = field(default_factory=Serving)


@asynccontextmanager
async def open_hub(settings: Settings, pool_size: int = 10, slices: Sequence[Slice] = SLICES) -> AsyncIterator[ServingHub]:
    """Open the hub with complete settings (`database_url`, `redis_url` and `secret_key` known), and close it at the end."""
    if not ((settings.database_url or settings.app_database_url) and settings.redis_url and settings.secret_key):
        raise BadSetting(
            "This process needs TILTYARD_APP_DATABASE_URL (or TILTYARD_DATABASE_URL), TILTYARD_REDIS_URL and TILTYARD_SECRET_KEY; "
            "`tiltyard up` starts its own servers."
        )
    files = open_files(settings)
    tracing.start()
    vault = AesVault(LocalKeys(settings.kek))
    llm = OpenAiCompatible(AddressGuard(hosts_of(settings.private_hosts)))
    engine = make_engine(application_url(settings.app_database_url, settings.secret_key, settings.database_url), pool_size)
    redis = open_redis(settings.redis_url)
    queue = ArqQueue(settings.redis_url, {name: kind.queue for name, kind in run_kinds(slices).items()})
    clock = HubClock()
    wakeups = RedisWakeups(redis)
    hub = ServingHub(
        settings=settings,
        engine=engine,
        redis=redis,
        queue=queue,
        clock=clock,
        vault=vault,
        llm=llm,
        wakeups=wakeups,
        files=files,
        disk=DiskSpace.of_servers(settings.data_dir),
        observers=OBSERVERS,
        gate=NullGate(),
        use_bounds=NullUseBounds(),
    )
    try:
        with suppress(*UNREACHABLE):  # the first unit of work reads the hub's time
            async with asyncio.timeout(CLOCK_SECONDS):
                await read_clock(engine, clock)
        yield hub
    finally:
        await wakeups.stop()
        await hub.serving.stop()
        await queue.close()
        await redis.aclose()
        await engine.dispose()
