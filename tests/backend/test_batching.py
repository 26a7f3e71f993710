"""What is asked for at the same time goes together; nothing is lost, and no more batches are on their way than may be."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from backend.batching import Batcher


@dataclass
class Asked:
    """A request and what became of it."""

    number: int
    done: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def fail(self, error: Exception) -> None:
        """It was not done."""
        self.done.set_exception(error)


@pytest.mark.parametrize("at_once", [1, 2, 3])
async def test_whatever_comes_whenever_is_done_once_and_no_more_batches_go_at_once_than_may(at_once: int) -> None:
    chance, under_way, most, sizes, order = random.Random(at_once), 0, 0, [], []

    async def do(batch: Sequence[Asked]) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        sizes.append(len(batch))
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        if chance.random() < 0.5:
            await asyncio.sleep(0.003)
        order.extend(one.number for one in batch)
        for one in batch:
            one.done.set_result(None)
        under_way -= 1

    gathering = Batcher(do, at_once)

    async def ask(number: int) -> None:
        await asyncio.sleep(0.1 * chance.random())
        one = Asked(number)
        gathering.add(one)
        await one.done
        again = Asked(-number - 1)  # in the very turn in which a batch is over
        gathering.add(again)
        await again.done

    async with asyncio.timeout(10):
        await asyncio.gather(*(ask(number) for number in range(500)))
        await gathering.finish()
    assert sorted(order) == sorted([*range(500), *(-number - 1 for number in range(500))])
    assert most == at_once
    assert max(sizes) > 1


async def test_a_batch_that_fails_fails_its_requests_and_the_next_one_goes() -> None:
    async def do(batch: Sequence[Asked]) -> None:
        await asyncio.sleep(0)
        if any(one.number == 0 for one in batch):
            raise RuntimeError("no luck")
        for one in batch:
            one.done.set_result(None)

    gathering = Batcher(do)
    unlucky = Asked(0)
    gathering.add(unlucky)
    with pytest.raises(RuntimeError, match="no luck"):
        await unlucky.done
    lucky = Asked(1)
    gathering.add(lucky)
    await asyncio.wait_for(lucky.done, 5)
    await gathering.finish()
