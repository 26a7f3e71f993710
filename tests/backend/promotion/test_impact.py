"""What a new champion would refuse is said before, and has to be accepted."""

import pytest

from backend.comparison import service as comparison
from backend.groups.errors import RefusalsExpected
from backend.hub import Hub
from backend.inference_log.refs import LogRef
from backend.inference_log.rows import row_of
from backend.inference_log.writer import write
from backend.promotion import impact, split
from backend.promotion.promote import list_promotions, promote
from schemas.groups import Group, GroupRef, MemberRole, MemberSpec, SetSplit
from schemas.promotion import EstimateImpact, Promote
from tests.support.log_records import record
from tests.support.served import Served


async def asked(hub: Hub, served: Served, group: Group, whole: int, without: int, null: int = 0) -> str:
    """Requests in the log of which some leave out, or give as null, a feature that only the challenger takes; gives its name."""
    assert served.tenant.admin.tenant_id
    champion, challenger = served.serving.champion, served.serving.challenger
    assert champion.artifact
    assert challenger.artifact
    (extra,) = set(challenger.artifact.features) - set(champion.artifact.features)
    inputs = served.serving.inputs
    short = {name: value for name, value in inputs.items() if name != extra}
    each = [inputs] * whole + [short] * without + [{**short, extra: None}] * null
    rows = [row_of(record(version_id=champion.id, version="v1.2", inputs=one), None, None) for one in each]
    async with hub.work(served.tenant.admin) as work:
        assert await write(work, LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name), rows) == []
    return extra


async def test_the_requests_that_a_version_could_not_answer_are_counted_with_their_features(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    extra = await asked(hub, served, group, whole=70, without=20, null=10)
    ids = [served.serving.champion.id, served.serving.challenger.id]
    async with hub.work(served.tenant.admin, read_only=True) as work:
        kept, new = await impact.estimate(work, EstimateImpact(slug=group.slug, version_ids=ids))
    assert (kept.requests, kept.lacking, kept.share, kept.features) == (100, 0, 0.0, [])
    assert (new.requests, new.lacking, new.share) == (100, 30, 0.3)
    assert [(one.name, one.requests) for one in new.features] == [(extra, 30)]


async def test_a_promotion_that_makes_callers_fail_needs_consent_and_keeps_it_in_its_evidence(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    extra = await asked(hub, served, group, whole=70, without=30)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        shown = await comparison.compare(work, group.slug)
    wanted = Promote(slug=group.slug, version_id=served.serving.challenger.id, evidence_id=shown.evidence_id)
    with pytest.raises(RefusalsExpected, match=f"30 % of the last week's requests .30 of 100.: they lack {extra}") as refused:
        async with hub.work(served.tenant.admin) as work:
            await promote(work, wanted)
    assert refused.value.data["share"] == 0.3
    async with hub.work(served.tenant.admin) as work:
        accepted = Promote(slug=group.slug, version_id=wanted.version_id, evidence_id=shown.evidence_id, accept_refusals=True)
        assert (await promote(work, accepted)).group.phase.number == 2
        (kept,) = await list_promotions(work, GroupRef(slug=group.slug))
    assert kept.evidence.refused_share == 0.3


async def test_a_split_with_a_new_champion_needs_it_too_and_one_with_the_same_does_not(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    await asked(hub, served, group, whole=1, without=1)
    champion, challenger = served.serving.champion.id, served.serving.challenger.id

    async def give(first: object, second: object, accept: bool = False) -> int:
        members = [
            MemberSpec(version_id=first, role=MemberRole.CHAMPION, share=9_000),  # type: ignore[arg-type]
            MemberSpec(version_id=second, role=MemberRole.CHALLENGER, share=1_000),  # type: ignore[arg-type]
        ]
        async with hub.work(served.tenant.admin) as work:
            phase = (await split.transitions.lock(work, group.slug)).phase.number
            return (await split.set_split(work, SetSplit(slug=group.slug, phase=phase, members=members, accept_refusals=accept))).phase.number

    assert await give(champion, challenger) == 2
    with pytest.raises(RefusalsExpected):
        await give(challenger, champion)
    assert await give(challenger, champion, accept=True) == 3


async def test_nothing_is_asked_where_no_request_would_be_refused(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    await asked(hub, served, group, whole=10, without=0)
    async with hub.work(served.tenant.admin) as work:
        shown = await comparison.compare(work, group.slug)
        await promote(work, Promote(slug=group.slug, version_id=served.serving.challenger.id, evidence_id=shown.evidence_id))
