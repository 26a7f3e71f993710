"""Appending to the groups' streams: one round trip for all, one command and one answer for a group's entries."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from redis.exceptions import ResponseError

from backend.inference.log.record import FIELD, stream_key

if TYPE_CHECKING:
    from redis.asyncio import Redis

APPEND = f"""
for at = 1, #ARGV do redis.call('XADD', KEYS[1], '*', '{FIELD.decode()}', ARGV[at]) end
return redis.call('XLEN', KEYS[1])
"""
"""A client spends more on a command and its answer than Redis does on the entry, so all entries of a group are one command."""
AT_ONCE = 500
"""Entries in one command: others than us wait for Redis too."""


async def append(redis: "Redis", entries: Mapping[UUID, Sequence[bytes]], wait_ms: int | None) -> tuple[dict[UUID, int | ResponseError], object]:
    """How long each group's stream is now, or why Redis refused some of its entries; and what WAITAOF said, where `wait_ms` asks for it.

    Raises what the connection raises; each entry may then have been taken.
    """
    commands = [(group_id, mine[at : at + AT_ONCE]) for group_id, mine in entries.items() for at in range(0, len(mine), AT_ONCE)]
    pipe = redis.pipeline(transaction=False)
    for group_id, some in commands:
        pipe.execute_command("EVAL", APPEND, 1, stream_key(group_id), *some)
    if wait_ms is not None:
        pipe.execute_command("WAITAOF", 1, 0, wait_ms)
    said = await pipe.execute(raise_on_error=False)
    lengths: dict[UUID, int | ResponseError] = {}
    for (group_id, _), length in zip(commands, said, strict=False):
        if not isinstance(lengths.get(group_id), ResponseError):
            lengths[group_id] = length
    return lengths, said[-1] if wait_ms is not None else None
