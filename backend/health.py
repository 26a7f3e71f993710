"""Is everything there that a hub needs?"""

from importlib.metadata import version

from redis.exceptions import RedisError

from backend.inference_log import durability, intake
from backend.outside import Outside
from backend.runs import service as runs
from backend.work.unit import UnitOfWork
from schemas.runs import SystemHealth


async def health(work: UnitOfWork) -> SystemHealth:
    """The state of the installation, as the tenant sees it. The database is there, or there would be no unit of work."""
    backlog = await intake.backlog(work) if (redis := await redis_answers(work.hub)) else 0
    dead = await intake.dead_letters(work) if redis else 0
    return SystemHealth(
        database=True,
        redis=redis,
        workers=await runs.workers(work),
        log_guarantee=await durability.in_words(work.hub),
        intake_backlog=backlog,
        dead_letters=dead,
        version=version("tiltyard"),
    )


async def redis_answers(hub: Outside) -> bool:
    """Does Redis answer?"""
    try:
        return bool(await hub.redis.ping())
    except (RedisError, OSError):
        return False
