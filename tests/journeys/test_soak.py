"""Ten kills in random order; `make soak KILLS=200` is the long form."""

import asyncio

from benchmarks.soak import soak
from tests.support.product import running


def test_whatever_is_killed_in_whatever_order_every_answer_is_on_record_once() -> None:
    with running("soak") as hub:
        hub.demo(100)
        found = asyncio.run(soak(hub, kills=10, seed=20261121))
    assert (found["kills"], found["lost"], found["twice"]) == (10, 0, 0)
    assert found["answered"] > 20
    assert found["logged"] == found["answered"] + found["logged_unanswered"]
