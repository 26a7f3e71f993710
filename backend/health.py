"""Is everything there that a hub needs?"""

from importlib.metadata import version
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from backend.inference.log import intake
from backend.runs import service as runs
from backend.work import UnitOfWork
from schemas.runs import SystemHealth

if TYPE_CHECKING:
    from backend.bootstrap import Hub


async def health(work: UnitOfWork) -> SystemHealth:
    """The state of the installation, as the tenant sees it. The database is there, or there would be no unit of work."""
    backlog = await intake.backlog(work) if (redis := await redis_answers(work.hub)) else 0
    dead = await intake.dead_letters(work) if redis else 0
    return SystemHealth(
        database=True,
        redis=redis,
        workers=await runs.workers(work),
        log_guarantee=await log_guarantee(work.hub),
        intake_backlog=backlog,
        dead_letters=dead,
        version=version("tiltyard"),
    )


async def redis_answers(hub: "Hub") -> bool:
    """Does Redis answer?"""
    try:
        return bool(await hub.redis.ping())
    except (RedisError, OSError):
        return False


async def log_guarantee(hub: "Hub") -> str:
    """What an answered prediction survives, as this Redis is really set up."""
    try:
        settings = await hub.redis.config_get("append*")
    except (RedisError, OSError):
        return "direct: Redis is not answering or hides its settings; rows are written to PostgreSQL before the answer when it is gone"
    said = {_text(key): _text(value) for key, value in settings.items()}
    if said.get("appendonly") != "yes":
        return "memory: this Redis keeps no append-only file, so its crash loses predictions not yet in the log"
    if said.get("appendfsync") == "always":
        return "disk: an answer is on disk before it is given"
    return "second: this Redis syncs its file once a second, so a crash of the machine may lose the last second"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
