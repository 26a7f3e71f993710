"""How often something may be tried: fixed windows counted in Redis."""

import hashlib
import logging
from typing import NamedTuple

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisSlow

log = logging.getLogger("tiltyard.access")


class Limit(NamedTuple):
    """At most `times` in `seconds`."""

    name: str
    times: int
    seconds: int


SIGN_IN = Limit("sign-in", 20, 15 * 60)


async def allow(redis: Redis, limit: Limit, subject: str) -> bool:
    """Count one more for the subject (kept as a hash). Without Redis nobody is locked out: the password hash is slow by itself."""
    key = f"tiltyard:limit:{limit.name}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"
    try:
        async with redis.pipeline(transaction=True) as pipe:
            pipe.set(key, 0, ex=limit.seconds, nx=True)
            pipe.incr(key)
            _, count = await pipe.execute()
    except (RedisGone, RedisSlow, OSError):
        log.warning("Redis is not answering: %s attempts are not counted", limit.name)
        return True
    return int(count) <= limit.times
