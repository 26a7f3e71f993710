"""Limits on attempts: fixed windows counted in Redis."""

import hashlib
import ipaddress
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


WINDOW = 15 * 60
OF_ACCOUNT_AT_ADDRESS = Limit("sign-in", 20, WINDOW)
OF_ADDRESS = Limit("sign-in address", 100, WINDOW)
OF_DEVICE = Limit("sign-in device", 20, WINDOW)
OF_ACCOUNT = Limit("sign-in account", 50, WINDOW)
"""Failures on one account from all addresses together. Above it, attempts from unknown browsers wait; none are refused. So strangers cannot lock an account."""
OF_PASSWORD_CHANGES = Limit("change password", 20, WINDOW)
LONGEST_DELAY = 5.0
"""Seconds."""


async def spend(redis: Redis, limit: Limit, subject: str) -> int:
    """Count one attempt for the subject (kept as a hash) and return the count. Without Redis nothing is counted: the password hash is slow by itself."""
    key = _key(limit, subject)
    try:
        async with redis.pipeline(transaction=True) as pipe:
            pipe.set(key, 0, ex=limit.seconds, nx=True)
            pipe.incr(key)
            _, count = await pipe.execute()
    except (RedisGone, RedisSlow, OSError):
        log.warning("Redis is not answering: %s attempts are not counted", limit.name)
        return 0
    return int(count)


async def give_back(redis: Redis, limit: Limit, subject: str) -> None:
    """Take back one counted attempt."""
    try:
        await redis.decr(_key(limit, subject))
    except (RedisGone, RedisSlow, OSError):
        log.warning("Redis is not answering: a successful %s stays counted", limit.name)


def delay_of(failures: int) -> float:
    """Return how long an unknown browser waits, in seconds, for this many failures on its account.

    >>> delay_of(50), delay_of(60), delay_of(10_000)
    (0.0, 1.0, 5.0)
    """
    return min(max(failures - OF_ACCOUNT.times, 0) / 10, LONGEST_DELAY)


def network_of(address: str | None) -> str:
    """Return what counts as one network address: an IPv4 address itself, or the /64 of an IPv6 address.

    >>> network_of("192.0.2.7"), network_of("2001:db8:1:2:3:4:5:6"), network_of("::ffff:192.0.2.7"), network_of(None)
    ('192.0.2.7', '2001:db8:1:2::/64', '192.0.2.7', 'unknown')
    """
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def _key(limit: Limit, subject: str) -> str:
    return f"tiltyard:limit:{limit.name}:{hashlib.sha256(subject.encode(errors='surrogatepass')).hexdigest()[:32]}"
