"""Explanations that fail: what may pass is tried again, what cannot be is marked, and no version keeps the worker from the others."""

import asyncio
import gc
import time
import weakref
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from backend.catalog.artifact_files import artifact_name
from backend.hub import Hub
from backend.inference_log import intake
from backend.inference_log.drain import Drainer
from backend.inference_log.explanations import explain, retry_pauses
from backend.inference_log.explanations.explain import Explainer
from backend.inference_log.sweep import explain_group
from backend.runtimes import served_versions
from backend.runtimes.errors import ArtifactGone
from backend.runtimes.lightgbm import LightgbmRuntime
from backend.runtimes.protocol import ExplanationBatch, Floats
from backend.serving import traffic
from backend.serving.warm_up import prepare_serving
from schemas.groups import Group, GroupRef
from schemas.inference import PredictBody
from tests.support.predictions import ask, logged
from tests.support.served import Served

pytestmark = pytest.mark.busy

EXPLAIN = LightgbmRuntime.explain
ODD = 123_456.0
"""What `bill_amt1` is in the rows that fail."""


async def written(hub: Hub, served: Served, rows: int, monkeypatch: pytest.MonkeyPatch, challenger_share: int = 0) -> Group:
    """A group whose predictions are in its log without their explanation; the first is an odd one."""
    group = await served.group(hub, challenger_share)
    inputs = served.serving.inputs
    with monkeypatch.context() as patched:
        patched.setattr(intake, "MOST_WAITING", -1)  # a stream that is too long: the next predictions are written directly
        patched.setattr(intake, "REST_SECONDS", 600.0)
        await ask(hub, served.tenant, group, PredictBody(inputs=inputs))
        for at in range(rows):
            await ask(hub, served.tenant, group, PredictBody(inputs=inputs | {"bill_amt1": ODD + at}, entity_key=str(at)))
    assert await waiting(hub, served, group) == rows
    return group


async def waiting(hub: Hub, served: Served, group: Group) -> int:
    async with hub.work(served.tenant.admin, read_only=True) as work:
        return (await traffic.traffic(work, GroupRef(slug=group.slug))).waiting_explanation


async def explain_all(hub: Hub, explainer: Explainer, group: Group, until: Callable[[], Any]) -> None:
    """Sweep until something holds, for a minute at most."""
    deadline = time.monotonic() + 60
    while not await until():
        assert time.monotonic() < deadline, "rows stay without their explanations"
        await explain_group(hub, explainer, group.id)
        await asyncio.sleep(0.02)


async def ready(hub: Hub, served: Served, group: Group) -> Explainer:
    """An explainer that has both versions loaded and compiled."""
    explainer = Explainer(hub)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        for version in (served.serving.champion, served.serving.challenger):
            await explainer.prepare(work, version.id)
    await asyncio.gather(*explainer._ready.values())
    return explainer


async def test_an_artifact_that_is_away_for_a_while_costs_no_row_its_explanation(
    hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(retry_pauses, "FIRST_SECONDS", 0.2)
    group = await written(hub, served, 5, monkeypatch)
    explainer = Explainer(hub)
    assert served.serving.champion.artifact
    artifact = hub.data_dir / artifact_name(served.serving.champion.artifact.sha256)
    away = artifact.rename(artifact.with_name(uuid4().hex))
    try:
        assert await explain_group(hub, explainer, group.id) == 5
        assert await waiting(hub, served, group) == 5
        assert await explain_group(hub, explainer, group.id) == 0, "the version is left alone for a while"
        assert "ArtifactGone" in caplog.text
        assert "its inferences wait" in caplog.text
    finally:
        away.rename(artifact)

    async def none_waits() -> bool:
        return await waiting(hub, served, group) == 0

    await explain_all(hub, explainer, group, none_waits)
    assert all(row["explanation"]["method"] == "tree_path_dependent" for row in (await logged(hub, served.tenant, group)).values() if row["explained_at"])
    assert explainer.paused == frozenset()


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("std::bad_alloc"), ArtifactGone()], ids=lambda error: type(error).__name__)
async def test_a_failure_that_may_pass_leaves_the_rows_waiting(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fails(*_: object) -> ExplanationBatch:
        raise error

    group = await written(hub, served, 3, monkeypatch)
    explainer = await ready(hub, served, group)
    monkeypatch.setattr(LightgbmRuntime, "explain", fails)
    assert await explain_group(hub, explainer, group.id) == 3
    assert await waiting(hub, served, group) == 3
    assert explainer.paused == {served.serving.champion.id}


async def test_a_row_that_cannot_be_explained_is_marked_and_the_others_are_explained(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails_for_odd(self: LightgbmRuntime, matrix: Floats, background: Floats | None = None, margin: Floats | None = None) -> ExplanationBatch:
        if ODD in matrix:
            raise ValueError("no such row can be explained")
        return EXPLAIN(self, matrix, background, margin)

    group = await written(hub, served, 40, monkeypatch)
    explainer = await ready(hub, served, group)
    monkeypatch.setattr(LightgbmRuntime, "explain", fails_for_odd)
    await explain_group(hub, explainer, group.id)
    assert await waiting(hub, served, group) == 0
    explained = [row for row in (await logged(hub, served.tenant, group)).values() if row["explained_at"]]
    marked: list[dict[str, Any]] = [row for row in explained if row["explanation"]["method"] == "none"]
    assert [row["inputs"]["bill_amt1"] for row in marked] == [ODD]
    assert "cannot explain" in marked[0]["explanation"]["reason"]
    assert len(explained) == 40
    assert explainer.paused == frozenset()


async def test_a_version_that_takes_too_long_waits_and_the_others_are_explained(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs_where_narrow(self: LightgbmRuntime, matrix: Floats, background: Floats | None = None, margin: Floats | None = None) -> ExplanationBatch:
        if len(self.features) == 3:
            time.sleep(3)
        return EXPLAIN(self, matrix, background, margin)

    group = await written(hub, served, 20, monkeypatch, challenger_share=5_000)
    explainer = await ready(hub, served, group)
    monkeypatch.setattr(LightgbmRuntime, "explain", hangs_where_narrow)
    monkeypatch.setattr("backend.inference_log.sweep.EXPLAIN_SECONDS", 0.1)
    monkeypatch.setattr(explain, "GRACE_SECONDS", 0.5)
    started = time.monotonic()
    await explain_group(hub, explainer, group.id)
    assert time.monotonic() - started < 2.5
    rows = (await logged(hub, served.tenant, group)).values()
    champion, challenger = ([row for row in rows if row["version"] == name and row["entity_key"]] for name in ("v1.2", "v1.3"))
    assert champion
    assert challenger
    assert not any(row["explained_at"] for row in champion)
    assert any(row["explained_at"] for row in challenger)
    assert explainer.paused == {served.serving.champion.id}


async def test_versions_that_no_group_holds_are_let_go_when_others_come(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain, "RUNTIMES_KEPT", 0)
    monkeypatch.setattr(served_versions, "RUNTIMES_KEPT", 1)
    explainer = Explainer(hub)
    champion, challenger = served.serving.champion.id, served.serving.challenger.id

    async def load(version_id: Any) -> "weakref.ref[served_versions.ServedVersion]":
        async with hub.work(served.tenant.admin, read_only=True) as work:
            await explainer.prepare(work, version_id)
        return weakref.ref(await explainer._ready[version_id])

    first = await load(champion)
    await load(challenger)
    gc.collect()
    assert first() is None
    await prepare_serving(hub, explainer, "")
    first = await load(champion)
    await load(challenger)
    gc.collect()
    assert first() is not None, "a group holds it"


async def test_a_process_prepares_anew_only_what_changed(hub: Hub, served: Served) -> None:
    explainer = Drainer(hub).explainer
    await served.group(hub)
    stamp = await prepare_serving(hub, explainer, "")
    assert served.serving.champion.id in explainer.serving
    held = explainer.serving
    assert await prepare_serving(hub, explainer, stamp) == stamp
    assert explainer.serving is held
