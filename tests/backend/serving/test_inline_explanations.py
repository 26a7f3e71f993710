"""Explanations within answers: asked for alone, at the same time, and in a batch."""

import asyncio

import pytest

from backend.hub import Hub
from backend.serving.inline_explanations import Inline
from schemas.inference import PredictBody
from tests.support.predictions import ask, drain, logged
from tests.support.served import Served


async def test_explanations_asked_for_at_the_same_time_are_those_asked_for_alone(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    inputs = [served.serving.inputs | {name: value + at} for at, (name, value) in enumerate(served.serving.inputs.items()) if isinstance(value, int | float)]
    together = await asyncio.gather(
        *(ask(hub, served.tenant, group, PredictBody(inputs=one, entity_key=str(at), explain=True)) for at, one in enumerate(inputs))
    )
    alone = [await ask(hub, served.tenant, group, PredictBody(inputs=one, entity_key=str(at), explain=True)) for at, one in enumerate(inputs)]
    for (one,), (other,) in zip(together, alone, strict=True):
        assert one.version == other.version
        assert one.explanation is not None
        assert other.explanation is not None
        assert (one.explanation.values, one.explanation.base) == (other.explanation.values, other.explanation.base)
    await drain(hub, group)
    rows = await logged(hub, served.tenant, group)
    assert {answer[0].inference_id for answer in (*together, *alone)} == set(rows)
    assert all(row["explained_at"] == row["requested_at"] for row in rows.values())


async def test_a_version_that_cannot_be_explained_now_is_answered_and_explained_by_the_drain(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(self: Inline, batch: object) -> None:
        raise RuntimeError("no thread can be started")

    monkeypatch.setattr(Inline, "_explain", fails)
    group = await served.group(hub)
    (answer,) = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs, explain=True))
    assert answer.explanation is None
    await drain(hub, group)
    assert (await logged(hub, served.tenant, group))[answer.inference_id]["explained_at"]
