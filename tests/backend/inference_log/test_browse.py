"""Looking into a group's log."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.errors import Invalid
from backend.groups.errors import GroupNotFound
from backend.hub import Hub
from backend.ids import new_id
from backend.inference_log import browse
from backend.inference_log.errors import InferenceNotFound
from backend.outcomes.service import record as record_outcomes
from backend.serving.traffic import traffic as read_traffic
from schemas.common import Page
from schemas.groups import Group, GroupRef
from schemas.inference import BrowseInferences, InferenceRef, InferenceSummary, Outcome, PredictBody, RecordOutcomes
from tests.support.predictions import ask, drain
from tests.support.served import Served
from tests.support.tenants import Tenant


async def filled(hub: Hub, served: Served, count: int = 25) -> tuple[Group, list[UUID]]:
    group = await served.group(hub, challenger_share=5_000)
    ids = []
    for number in range(count):
        body = PredictBody(inputs=served.serving.inputs, entity_key=f"client-{number}", correlation_id=f"order-{number}")
        ids.append((await ask(hub, served.tenant, group, body))[0].inference_id)
    await drain(hub, group)
    return group, ids


async def look(hub: Hub, served: Served, group: Group, **wanted: Any) -> Page[InferenceSummary]:
    async with hub.work(served.tenant.admin, read_only=True) as work:
        return await browse.browse(work, BrowseInferences(slug=group.slug, **wanted))


async def test_pages_are_newest_first_and_together_the_whole(hub: Hub, served: Served) -> None:
    group, ids = await filled(hub, served)
    seen: list[UUID] = []
    cursor = None
    while True:
        page = await look(hub, served, group, limit=10, cursor=cursor)
        seen += [one.inference_id for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == sorted(ids, reverse=True)


async def test_filters_narrow_and_search_is_exact(hub: Hub, served: Served) -> None:
    group, ids = await filled(hub, served)
    async with hub.work(served.tenant.admin) as work:
        await record_outcomes(work, RecordOutcomes(slug=group.slug, outcomes=[Outcome(inference_id=ids[3], actual=1)]))
    everything = (await look(hub, served, group)).items
    for version in ("v1.2", "v1.3"):
        assert {one.version for one in (await look(hub, served, group, version=version)).items} == {version}
    assert [one.inference_id for one in (await look(hub, served, group, labelled=True)).items] == [ids[3]]
    assert len((await look(hub, served, group, labelled=False)).items) == 24
    for search in ("client-7", "order-7", str(ids[7])):
        assert [one.inference_id for one in (await look(hub, served, group, search=search)).items] == [ids[7]]
    assert (await look(hub, served, group, search="client-")).items == []
    score = everything[0].score or 0.0
    assert all((one.score or 0) >= score for one in (await look(hub, served, group, min_score=score)).items)
    first = everything[-1].requested_at
    assert (await look(hub, served, group, before=first - timedelta(seconds=1))).items == []
    assert len((await look(hub, served, group, after=first - timedelta(seconds=1))).items) == 25
    assert (await look(hub, served, group, status="failed", phase=1, role="champion")).items == []


async def test_a_key_that_is_itself_a_uuid_is_found(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    entity, correlation = new_id(), new_id()
    body = PredictBody(inputs=served.serving.inputs, entity_key=str(entity), correlation_id=str(correlation))
    mine = (await ask(hub, served.tenant, group, body))[0].inference_id
    await drain(hub, group)
    for search in (entity, correlation, mine):
        assert [one.inference_id for one in (await look(hub, served, group, search=str(search))).items] == [mine]
    assert (await look(hub, served, group, search=str(new_id()))).items == []


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"cursor": "1; DROP TABLE people"}, "/cursor"),
        ({"search": "a\x00"}, "/search"),
        ({"phase": 2**40}, "/phase"),
        ({"min_score": float("inf")}, "/min_score"),
    ],
)
async def test_a_filter_that_cannot_be_is_refused_by_pointer(hub: Hub, served: Served, wanted: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        await look(hub, served, served.serving.group, **wanted)
    assert [issue.pointer for issue in refused.value.issues] == [pointer]


async def test_one_inference_is_shown_whole_to_its_own_tenant_only(hub: Hub, served: Served, other_tenant: Tenant) -> None:
    group, ids = await filled(hub, served, 2)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        whole = await browse.get(work, InferenceRef(slug=group.slug, inference_id=ids[0]))
        with pytest.raises(InferenceNotFound):
            await browse.get(work, InferenceRef(slug=group.slug, inference_id=new_id()))
    assert whole.inputs == served.serving.inputs
    assert whole.explanation is not None
    assert whole.caller == served.tenant.admin.name
    with pytest.raises(GroupNotFound):
        async with hub.work(other_tenant.admin, read_only=True) as work:
            await browse.get(work, InferenceRef(slug=group.slug, inference_id=ids[0]))


async def test_traffic_is_counted_by_minute_and_version(hub: Hub, served: Served) -> None:
    group, ids = await filled(hub, served)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        traffic = await read_traffic(work, GroupRef(slug=group.slug))
    assert (traffic.total, traffic.labelled, traffic.refused, traffic.waiting_explanation) == (len(ids), 0, 0, 0)
    assert len(traffic.minutes) >= 60
    assert sum(sum(minute.counts.values()) for minute in traffic.minutes) == len(ids)
