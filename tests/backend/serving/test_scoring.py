"""Versions that are slow, hang or cannot be asked: whoever else asks does not notice."""

import asyncio
import threading
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import msgspec
import numpy as np
import pytest

from backend.bootstrap import open_hub
from backend.runtimes.language_model import ExternalRuntime
from backend.runtimes.protocol import Floats, Scores
from backend.runtimes.served_versions import ServedVersion
from backend.serving.language_models import Remote
from backend.serving.prepare import Case
from backend.serving.routing.table import RoutedMember
from backend.serving.scoring import score
from backend.settings import Settings
from schemas.external import ExternalModel
from tests.support.line import Wire

pytestmark = pytest.mark.busy


class Plain:
    """A runtime whose every answer takes its time."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.threads: list[str] = []

    def predict(self, matrix: Floats) -> Scores:
        self._work(len(matrix))
        return Scores(np.full(len(matrix), 0.5), None)

    def predict_row(self, row: Sequence[float]) -> tuple[float, float | None]:
        self._work(1)
        return 0.5, None

    def _work(self, rows: int) -> None:
        self.threads.append(threading.current_thread().name)
        time.sleep(self.seconds * rows)


class Hanging(Plain):
    """A runtime that does not answer until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def _work(self, rows: int) -> None:
        self.go.wait(20)


def cases(runtime: Any, count: int = 1, role: Any = "champion") -> list[Case]:
    version = ServedVersion(uuid4(), "v1.0", [], frozenset(), None, None, runtime)
    member = RoutedMember(version.id, role, 10_000, version)
    return [Case(uuid4(), {}, 0, member, []) for _ in range(count)]


async def nobody(asked: Sequence[Case]) -> list[Case]:
    raise AssertionError("nothing here is elsewhere")


async def test_a_slow_version_leaves_the_event_loop_once_it_is_known_and_comes_back_when_it_is_quick() -> None:
    runtime = Plain(0.02)
    (case,) = cases(runtime)
    here = threading.current_thread().name
    for _ in range(3):
        assert await score([case], nobody) == []
    assert case.score == 0.5
    assert [name == here for name in runtime.threads] == [True, False, False]
    runtime.seconds = 0.0
    for _ in range(2):
        await score([case], nobody)
    assert [name == here for name in runtime.threads[3:]] == [False, True]


async def test_a_version_that_is_quick_for_one_row_and_slow_for_a_few_is_scored_where_nobody_waits() -> None:
    runtime = Plain(0.001)
    few = cases(runtime, 12)
    here = threading.current_thread().name
    await score(few[:1], nobody)
    await score(few, nobody)
    await score(few[:1], nobody)
    assert [name == here for name in runtime.threads] == [True, False, True]


async def test_quick_versions_stay_on_the_event_loop_whoever_else_is_slow() -> None:
    slow, quick = Plain(0.02), Plain()
    await score(cases(slow), nobody)
    for _ in range(5):
        await score(cases(quick, 16), nobody)
    assert set(quick.threads) == {threading.current_thread().name}


async def test_a_challenger_that_hangs_makes_no_other_challenger_late() -> None:
    hanging, fine = Hanging(), Plain()
    stuck, other = cases(hanging, role="challenger"), cases(fine, role="challenger")
    late = await asyncio.gather(*(score(stuck, nobody, 50) for _ in range(12)))
    assert all(late)
    assert await score(other, nobody, 2000) == []
    assert other[0].score == 0.5
    hanging.go.set()


@pytest.mark.parametrize("gone", ["refuses", "is silent"])
async def test_a_version_elsewhere_fails_in_words_while_postgresql_is_gone(settings: Settings, gone: str) -> None:
    external = ExternalModel(connector_id=uuid4(), model="m", instructions="i", prompt="{{income}}", timeout_ms=1000)
    asked = cases(ExternalRuntime(external))
    async with Wire(settings.database_url or "") as wire, open_hub(msgspec.structs.replace(settings, database_url=wire.address)) as hub:
        if gone == "refuses":
            await wire.close()
        else:
            wire.cut()
        assert await Remote(hub).score(uuid4(), asked) == asked
    assert asked[0].error in ("The database is not answering. Nothing was done; try again shortly.", "it took longer than its 1000 ms")
