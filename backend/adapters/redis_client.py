"""The client of Redis."""

import asyncio
from collections.abc import Iterable

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection


class Heeding(AbstractConnection):
    """A connection whose task ends when it is cancelled.

    The base class sends under `asyncio.wait_for`. In Python 3.11 that loses a cancellation that arrives just when the sending ends. A stream of a departed
    client would then never end, and a process could not stop.
    """

    async def send_packed_command(self, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:
        """Send the command. Raises what the connection raises."""
        task = asyncio.current_task()
        asked = task.cancelling() if task else 0
        await super().send_packed_command(command, check_health)
        if task and task.cancelling() > asked:
            await self.disconnect(nowait=True)
            raise asyncio.CancelledError


def open_redis(url: str) -> "Redis":
    """Return a client with a pool. It connects at the first command and never sends a command twice."""
    client: Redis = Redis.from_url(url, socket_connect_timeout=2, socket_timeout=10, health_check_interval=30)
    pool = client.connection_pool
    pool.connection_class = type("HeedingConnection", (Heeding, pool.connection_class), {})
    return client
