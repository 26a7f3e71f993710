"""Outcomes nobody's: told, and still without their inference days later."""

from datetime import timedelta
from typing import Any

from backend.bootstrap import open_hub
from backend.hub import Hub
from backend.ids import new_id
from backend.outcomes import orphans
from backend.outcomes import service as outcomes
from backend.settings import Settings
from schemas.groups import Group
from schemas.inference import Outcome, PredictBody, RecordOutcomes
from schemas.log import ListOrphans, Orphans
from tests.support.clock import moved
from tests.support.predictions import ask, drain
from tests.support.served import Served

NEXT_WEEK = timedelta(days=8)


async def found(hub: Hub, served: Served, group: Group, **asked: Any) -> Orphans:
    async with hub.work(served.tenant.admin, read_only=True) as work:
        return await orphans.orphans(work, ListOrphans(slug=group.slug, **asked))


async def test_an_outcome_is_an_orphan_once_it_has_waited_for_days_and_no_longer_when_its_inference_comes(hub: Hub, served: Served, settings: Settings) -> None:
    group = await served.group(hub)
    stranger = new_id()
    told = [Outcome(inference_id=stranger, actual=1), Outcome(correlation_id="late", actual=0), Outcome(correlation_id="never", actual=1)]
    async with hub.work(served.tenant.admin) as work:
        assert (await outcomes.record(work, RecordOutcomes(slug=group.slug, outcomes=told))).waiting == 3
    assert (await found(hub, served, group)).total == 0
    async with moved(hub, NEXT_WEEK), open_hub(settings) as later:
        shown = await found(later, served, group)
        assert [(one.inference_id, one.correlation_id, one.actual) for one in shown.outcomes] == [
            (stranger, None, 1.0),
            (None, "late", 0.0),
            (None, "never", 1.0),
        ]
        first = await found(later, served, group, limit=1)
        assert (first.total, len(first.outcomes)) == (3, 1)
        assert (await found(later, served, group, older_than_days=9)).total == 0
    await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs, correlation_id="late"))
    await drain(hub, group)
    async with moved(hub, NEXT_WEEK), open_hub(settings) as later:
        assert {one.correlation_id for one in (await found(later, served, group)).outcomes} == {None, "never"}
