"""A client that leaves cancels the work it asked for, and nothing after that work."""

import asyncio

import pytest

from rpc.core import asgi
from rpc.core.asgi import Departure, Disconnected, Message, unless_disconnected


@pytest.fixture(autouse=True)
def watched_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "PATIENCE", 0)


class Client:
    """A client, and work that ends when it is told to."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.leaving: asyncio.Future[None] = loop.create_future()
        self.done: asyncio.Future[str] = loop.create_future()
        self.departure = Departure(self._receive)

    async def _receive(self) -> Message:
        await self.leaving
        return {"type": "http.disconnect"}

    async def work(self) -> str:
        return await self.done


def answered(client: Client, *, leaves_first: bool) -> None:
    """The client leaves and the work ends, in one turn of the loop."""
    if leaves_first:
        client.leaving.set_result(None)
        client.done.set_result("answer")
    else:
        client.done.set_result("answer")
        client.leaving.set_result(None)


@pytest.mark.parametrize("leaves_first", [True, False])
async def test_leaving_just_as_the_work_ends_cancels_nothing_that_comes_after(leaves_first: bool) -> None:
    client = Client()
    asyncio.get_running_loop().call_later(0.01, lambda: answered(client, leaves_first=leaves_first))
    assert await unless_disconnected(client.departure, client.work()) == "answer"
    await asyncio.sleep(0.01)  # the opening of the stream, say
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_leaving_cancels_the_work() -> None:
    client = Client()
    asyncio.get_running_loop().call_later(0.01, client.leaving.set_result, None)
    with pytest.raises(Disconnected):
        await unless_disconnected(client.departure, client.work())
    assert client.done.cancelled()


async def test_work_that_makes_something_else_of_its_cancellation_leaves_the_task_as_it_was() -> None:
    client = Client()

    async def stubborn() -> str:
        try:
            return await client.done
        except asyncio.CancelledError:
            raise ConnectionError("cut off in the middle of a query") from None

    asyncio.get_running_loop().call_later(0.01, client.leaving.set_result, None)
    with pytest.raises(ConnectionError):
        await unless_disconnected(client.departure, stubborn())
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_cancellation_by_somebody_else_stays_one() -> None:
    client = Client()
    working = asyncio.ensure_future(unless_disconnected(client.departure, client.work()))
    await asyncio.sleep(0.01)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
