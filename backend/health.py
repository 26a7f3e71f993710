"""The health of the installation."""

from importlib.metadata import version

import msgspec
from redis.exceptions import RedisError

from backend.access.permissions import P
from backend.inference_log import durability, intake
from backend.outside import Outside
from backend.runs import service as runs
from backend.work.unit import UnitOfWork
from schemas.runs import SystemHealth, WorkerHealth


async def health(work: UnitOfWork) -> SystemHealth:
    """Return the state of the installation for the tenant. The database is up, or there would be no unit of work."""
    backlog = await intake.backlog(work) if (redis := await redis_answers(work.hub)) else 0
    dead = await intake.dead_letters(work) if redis else 0
    return SystemHealth(
        database=True,
        redis=redis,
        workers=_shown(work, await runs.workers(work)),
        log_guarantee=await durability.in_words(work.hub),
        intake_backlog=backlog,
        dead_letters=dead,
        version=version("tiltyard"),
    )


def _shown(work: UnitOfWork, workers: list[WorkerHealth]) -> list[WorkerHealth]:
    """Return the workers, which all tenants share. Details of the machine are left out for callers who may not see them."""
    if work.actor.may(P.SYSTEM_HOST_READ):
        return workers
    return [msgspec.structs.replace(worker, worker_id=str(at), host=None, pid=None) for at, worker in enumerate(workers, start=1)]


async def redis_answers(hub: Outside) -> bool:
    """Return whether Redis answers."""
    try:
        return bool(await hub.redis.ping())
    except (RedisError, OSError):
        return False
