"""The connection that carries appends to Redis."""

import asyncio
from uuid import uuid4

import pytest
from redis.exceptions import ResponseError

from backend.hub import Hub
from backend.inference_log.redis import stream as redis_stream

pytestmark = pytest.mark.busy


async def test_a_cut_off_append_leaves_no_answer_to_the_next_one(hub: Hub) -> None:
    line, key = redis_stream.RedisConnection(hub.redis), f"test:{uuid4()}"
    slow = asyncio.create_task(line.ask([("BLPOP", key, 5)]))
    await asyncio.sleep(0.1)
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)
    mine, refused, too = await line.ask([("ECHO", "mine"), ("NO-SUCH-COMMAND",), ("ECHO", "too")])
    assert (mine, type(refused), too) == (b"mine", ResponseError, b"too")
    await line.close()
