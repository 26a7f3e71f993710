"""What a comparison may not be drawn into: a split that is not the one asked for, rows that did not come by lot, a Redis that is away."""

import msgspec
import pytest

from backend.bootstrap import open_hub
from backend.comparison import service as comparison
from backend.comparison.errors import EvidenceAway
from backend.groups import service as groups
from backend.groups.errors import GateNotMet
from backend.groups.halt import halt_group
from backend.hub import Hub
from backend.ids import new_id
from backend.inference_log.refs import LogRef
from backend.inference_log.rows import row_of
from backend.inference_log.writer import write
from backend.promotion.promote import promote
from backend.settings import Settings
from schemas.group_settings import GroupSettings
from schemas.groups import ConfigureGroup, Group, HaltGroup
from schemas.promotion import Promote
from tests.backend.comparison.test_comparison import compare, fill, of, scorers
from tests.support.log_records import record
from tests.support.served import Served


def promotion(group: Group, shown: comparison.Comparison) -> Promote:
    return Promote(slug=group.slug, version_id=group.phase.members[1].version_id, evidence_id=shown.evidence_id)


async def test_where_the_traffic_was_not_shared_as_asked_nobody_leads_and_no_gate_lets_through(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    async with hub.work(served.tenant.admin) as work:
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(require_verdict=True)))
    await fill(hub, served, group, *scorers((3_000, 2_000), (0.5, 3.5)))
    for exact in (False, True):
        shown = await compare(hub, served, group, exact=exact)
        assert (shown.leader, shown.differences[0].better) == (None, True)
        assert shown.verdict.startswith("No leader can be named: the traffic split is not as configured. Asked for 50 / 50 %, got 60 / 40 %")
        assert shown.conclusion is not None
        assert shown.conclusion.state == "mismatch"
        with pytest.raises(GateNotMet, match="split is not as configured"):
            async with hub.work(served.tenant.admin) as work:
                await promote(work, promotion(group, shown))


async def test_the_error_rate_is_of_what_came_by_lot_above_and_below_the_line(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    champion, challenger = group.phase.members
    rows = [record(version_id=champion.version_id, bucket=1, propensity=0.9, score=0.3) for _ in range(47)]
    rows += [record(version_id=champion.version_id, bucket=1, propensity=0.9, score=None, status="failed") for _ in range(3)]
    rows += [record(version_id=champion.version_id, bucket=1, propensity=0.0, score=None, status="failed") for _ in range(40)]
    rows += [record(version_id=challenger.version_id, role="challenger", bucket=9_500, propensity=0.1, score=0.3) for _ in range(30)]
    rows += [record(version_id=challenger.version_id, role="challenger", bucket=9_500, propensity=0.0, score=None, status="failed") for _ in range(9)]
    ref = LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name)
    async with hub.work(served.tenant.admin) as work:
        await write(work, ref, [row_of(row, None, None) for row in rows])
    for exact in (False, True):
        shown = await compare(hub, served, group, exact=exact)
        assert [of(shown, label).error_rate.value for label in ("v1.2", "v1.3")] == [pytest.approx(3 / 50), 0.0]
        assert [of(shown, label).error_rate.n for label in ("v1.2", "v1.3")] == [50, 30]


async def test_without_redis_a_promotion_is_refused_as_such_and_can_be_tried_again(hub: Hub, served: Served, settings: Settings) -> None:
    group = await served.group(hub)
    wanted = Promote(slug=group.slug, version_id=group.phase.members[1].version_id, evidence_id=new_id())
    gone = msgspec.structs.replace(settings, redis_url="redis://127.0.0.1:9/0")
    async with open_hub(gone) as without:
        with pytest.raises(EvidenceAway, match="Redis"):
            async with without.work(served.tenant.admin) as work:
                await promote(work, wanted)
        async with without.work(served.tenant.admin) as work:
            assert (await halt_group(work, HaltGroup(slug=group.slug))).halt is not None, "a halt needs no Redis"
    shown = await compare(hub, served, group)
    async with hub.work(served.tenant.admin) as work:
        assert (await promote(work, promotion(group, shown))).group.phase.number == 2
