"""What survives when processes are killed: every answer, once, explained."""

import asyncio
import signal
import time
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest

from demo.dataset import load
from tests.support.product import LOG_TABLE, Product, running, until

PATH = "/v1/groups/live_credit_scoring/predict"


@pytest.fixture(scope="module")
def hub() -> Iterator[Product]:
    """A hub of its own, to be killed."""
    with running("crashes") as product:
        product.demo(100)
        yield product


async def ask_many(hub: Product, count: int, during: Any, patience: int = 100) -> list[str]:
    """`count` predictions over 16 connections with `during` going on; gives the inference ids that were answered.

    A connection that fails `patience` times asks no more.
    """
    traffic = load()[1]
    answered: list[str] = []
    async with hub.client() as http:

        async def ask(part: int) -> None:
            failures = 0
            for index in range(part, count, 16):
                if failures == patience:
                    return
                try:
                    answer = await http.post(PATH, json={"inputs": traffic.inputs(index)})
                except httpx.TransportError:  # the API process itself was killed: not answered, so not counted
                    failures += 1
                    await asyncio.sleep(0.2)
                    continue
                if answer.status_code == 200:
                    answered.append(answer.json()["inference_id"])
                else:
                    assert answer.status_code == 503, answer.text

        asking = [asyncio.create_task(ask(part)) for part in range(16)]
        await during(answered)
        await asyncio.gather(*asking)
    return answered


async def assert_each_logged_once_and_explained(hub: Product, ids: list[str], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    counted: dict[str, int] = {}
    while time.monotonic() < deadline:
        found = await hub.sql(
            f"SELECT count(*) AS logged, count(DISTINCT inference_id) AS kept, count(explained_at) AS explained FROM {LOG_TABLE} "
            "WHERE inference_id = ANY($1::uuid[])",
            ids,
        )
        counted = dict(found[0])
        if set(counted.values()) == {len(ids)}:
            return
        await asyncio.sleep(0.3)
    raise AssertionError(f"{len(ids)} answered, {counted}\n{hub.log()}")


async def test_killing_the_worker_while_five_thousand_predictions_are_asked_loses_none(hub: Product) -> None:
    worker = hub.child("workers.main")

    async def kill(answered: list[str]) -> None:
        while len(answered) < 1_000:
            await asyncio.sleep(0.01)
        worker.send_signal(signal.SIGKILL)

    ids = await ask_many(hub, 5_000, kill)
    assert len(set(ids)) == 5_000
    await assert_each_logged_once_and_explained(hub, ids, 60)
    assert hub.child("workers.main").pid != worker.pid


async def test_killing_the_api_process_loses_no_answer_that_was_given(hub: Product) -> None:
    async def kill(answered: list[str]) -> None:
        while len(answered) < 500:
            await asyncio.sleep(0.01)
        hub.child("rpc.cli").send_signal(signal.SIGKILL)

    ids = await ask_many(hub, 3_000, kill)
    assert len(ids) > 500
    await assert_each_logged_once_and_explained(hub, ids, 60)


async def test_after_a_kill_of_the_supervisor_the_next_start_goes_on_with_every_answer(hub: Product) -> None:
    async def kill(answered: list[str]) -> None:
        while len(answered) < 500:
            await asyncio.sleep(0.01)
        children = hub.supervisor.children(recursive=True)
        hub.kill()
        await asyncio.to_thread(psutil.wait_procs, children, 20)

    ids = await ask_many(hub, 2_000, kill, patience=1)
    hub.start()
    await assert_each_logged_once_and_explained(hub, ids, 60)


async def test_a_term_signal_leaves_no_process_and_the_next_start_needs_no_help(hub: Product) -> None:
    children = hub.supervisor.children(recursive=True)
    assert len(children) >= 4, "PostgreSQL, Redis, API, worker"
    assert hub.stop() == 0
    until(lambda: not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE], "end of every process", 20)
    assert hub.leftovers() == []
    hub.start()
    assert (await hub.ask("groups.get", slug="live_credit_scoring"))["slug"] == "live_credit_scoring"
