"""One tenant's imports wait for each other, and nobody else's wait for them."""

import asyncio
import threading

import pytest

from backend.ids import new_id
from backend.reader_threads import CALLS_OF_A_TENANT, MOST_OF_ONE, ImportsBusy, aside, turn


async def test_a_tenant_keeps_a_thread_free_for_another_and_is_refused_when_too_much_waits() -> None:
    crowd, other, gate = new_id(), new_id(), threading.Event()
    read: list[str] = []

    async def one() -> None:
        async with turn(crowd):
            await aside(gate.wait, 60)
            read.append("crowd")

    waiting = [asyncio.create_task(one()) for _ in range(MOST_OF_ONE)]
    await asyncio.sleep(0)
    with pytest.raises(ImportsBusy) as refused:
        async with turn(crowd):
            pass
    assert refused.value.data == {"retryAfter": 2}
    async with turn(other):
        read.append(await aside(lambda: "other"))
    assert read == ["other"], "read while all threads that the crowd may take were taken"
    gate.set()
    await asyncio.gather(*waiting)
    assert len(read) == 1 + MOST_OF_ONE
    async with turn(crowd):
        assert await aside(lambda: CALLS_OF_A_TENANT) == CALLS_OF_A_TENANT
