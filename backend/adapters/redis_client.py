"""The client of Redis."""

import asyncio
from collections.abc import Iterable

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection


class Heeding(AbstractConnection):
    """A connection whose task ends when it is cancelled.

    What it inherits sends under `asyncio.wait_for`, which in Python 3.11 forgets a cancellation that comes just when the sending is done. A stream whose
    client has left would then go on for good, and a process that is told to stop would not.
    """

    async def send_packed_command(self, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:
        """Send. Raises what the connection raises."""
        task = asyncio.current_task()
        asked = task.cancelling() if task else 0
        await super().send_packed_command(command, check_health)
        if task and task.cancelling() > asked:
            await self.disconnect(nowait=True)
            raise asyncio.CancelledError


def open_redis(url: str) -> "Redis":
    """A client with a pool; connects when it is first asked, and asks nothing twice."""
    client: Redis = Redis.from_url(url, socket_connect_timeout=2, socket_timeout=10, health_check_interval=30)
    pool = client.connection_pool
    pool.connection_class = type("HeedingConnection", (Heeding, pool.connection_class), {})
    return client
