"""Appends to the groups' streams: one round trip for all, one command and one answer per group."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from redis.exceptions import ResponseError

from backend.inference_log.record import FIELD
from backend.inference_log.redis.keys import closed_key, stream_key

if TYPE_CHECKING:
    from redis.asyncio import Redis

APPEND = f"""
if redis.call('EXISTS', KEYS[2]) == 1 then return redis.error_reply('CLOSED the group was deleted') end
for at = 1, #ARGV do redis.call('XADD', KEYS[1], '*', '{FIELD.decode()}', ARGV[at]) end
return redis.call('XLEN', KEYS[1])
"""
"""A client spends more on a command and its answer than Redis does on the entry. So all entries of a group are one command."""
ENTRIES_OF_A_COMMAND = 500
"""Entries per command: other clients wait for Redis too."""


Command = tuple[Any, ...]


class RedisConnection:
    """A connection for one sequential user. A pool, and a time limit at each step, would cost more than an append. It never retries."""

    def __init__(self, redis: "Redis") -> None:
        """`redis` names the server; the connection opens at the first command."""
        pool = redis.connection_pool
        self._connection = pool.connection_class(**(pool.connection_kwargs | {"socket_timeout": None}))

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        """Return the answers in order; a command's own error is one of them. Raises what the connection raises, and then forgets the connection."""
        try:
            await self._connection.connect()  # type: ignore[no-untyped-call]  # redis types all but this
            await self._connection.send_packed_command(self._connection.pack_commands(commands))
            return [await self._answer() for _ in commands]
        except BaseException:  # answers that are still to come belong to nobody
            await self.close()
            raise

    async def close(self) -> None:
        """Close the connection; the next command opens a new one."""
        await self._connection.disconnect(nowait=True)

    async def _answer(self) -> Any:
        try:
            return await self._connection.read_response()
        except ResponseError as refusal:
            return refusal


async def append(line: RedisConnection, entries: Mapping[UUID, Sequence[bytes]], wait_ms: int | None) -> tuple[dict[UUID, int | ResponseError], object]:
    """Append entries. Return each group's stream length, or Redis's error for some of its entries, and WAITAOF's answer when `wait_ms` is given.

    Raises what the connection raises; each entry may then have been stored or not.
    """
    parts = [(group_id, mine[at : at + ENTRIES_OF_A_COMMAND]) for group_id, mine in entries.items() for at in range(0, len(mine), ENTRIES_OF_A_COMMAND)]
    commands: list[Command] = [("EVAL", APPEND, 2, stream_key(group_id), closed_key(group_id), *some) for group_id, some in parts]
    if wait_ms is not None:
        commands.append(("WAITAOF", 1, 0, wait_ms))
    said = await line.ask(commands)
    lengths: dict[UUID, int | ResponseError] = {}
    for (group_id, _), length in zip(parts, said, strict=False):
        if not isinstance(lengths.get(group_id), ResponseError):
            lengths[group_id] = length
    return lengths, said[-1] if wait_ms is not None else None
