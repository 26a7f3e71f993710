"""The client of Redis: whoever is cancelled while asking ends."""

import asyncio

import pytest

from backend.adapters.redis_client import open_redis
from backend.settings import Settings

MOMENTS = 40


@pytest.mark.parametrize("connected", [True, False])
async def test_a_task_that_asks_again_and_again_ends_whenever_it_is_cancelled(settings: Settings, connected: bool) -> None:
    assert settings.redis_url
    for moment in range(MOMENTS):
        client = open_redis(settings.redis_url)
        if connected:
            await client.ping()

        async def ask() -> None:
            while True:
                await client.ping()  # noqa: B023

        asking = asyncio.create_task(ask())
        for _ in range(moment):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking}, timeout=2)
        ended = asking.done()
        asking.cancel()
        await client.aclose()
        assert ended, f"cancelled at moment {moment}, it went on"
