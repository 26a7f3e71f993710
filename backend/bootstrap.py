"""The one composition root: settings in, a Hub out."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from backend.access.actor import Actor
from backend.adapters.arq_queue import ArqQueue
from backend.adapters.guarded_transport import AddressGuard
from backend.adapters.openai_compatible import OpenAiCompatible
from backend.adapters.redis_client import open_redis
from backend.adapters.vault import AesVault, LocalKeys
from backend.connectors.rules import hosts_of
from backend.db.addresses import app_url
from backend.db.engine import make_engine
from backend.inference.serving import Serving
from backend.live.wakeups import Wakeups
from backend.ports import Clock, JobQueue, LlmProvider, Vault
from backend.settings import BadSetting, Settings
from backend.work import UnitOfWork, open_work


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class Hub:
    """Everything a use case may need of the outside, built once per process."""

    settings: Settings
    engine: AsyncEngine
    redis: Redis
    queue: JobQueue
    clock: Clock
    vault: Vault
    llm: LlmProvider
    wakeups: Wakeups
    """Wakes those who watch live events, in this process and in others."""
    routing_watchers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """Called after a commit that changed routing, before its caller is answered."""
    serving: Serving = field(default_factory=Serving)
    """This process's answers to predictions."""

    @property
    def files(self) -> Path:
        """The data folder."""
        return self.settings.data_dir

    def work(self, actor: Actor, read_only: bool = False) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work for the actor's tenant."""
        return open_work(self, actor, read_only)


@asynccontextmanager
async def open_hub(settings: Settings, clock: Clock | None = None, pool_size: int = 10) -> AsyncIterator[Hub]:
    """Build the hub from complete settings (`database_url`, `redis_url` and `secret_key` known), and close it at the end."""
    if not (settings.database_url and settings.redis_url and settings.secret_key):
        raise BadSetting("This process needs TILTYARD_DATABASE_URL, TILTYARD_REDIS_URL and TILTYARD_SECRET_KEY; `tiltyard up` starts servers of its own.")
    vault = AesVault(LocalKeys(settings.kek))
    llm = OpenAiCompatible(AddressGuard(hosts_of(settings.private_hosts)))
    engine = make_engine(settings.app_database_url or app_url(settings.secret_key, settings.database_url), pool_size)
    redis = open_redis(settings.redis_url)
    queue = ArqQueue(settings.redis_url)
    hub = Hub(settings=settings, engine=engine, redis=redis, queue=queue, clock=clock or SystemClock(), vault=vault, llm=llm, wakeups=Wakeups(redis))
    try:
        yield hub
    finally:
        await hub.wakeups.stop()
        await hub.serving.stop()
        await queue.close()
        await redis.aclose()
        await engine.dispose()
