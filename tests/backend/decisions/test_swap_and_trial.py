"""What a change of the cut-off would do: the swap set of a shadow, the gain before the change, and the version in the group in one step."""

from itertools import cycle
from typing import NamedTuple

import msgspec
import numpy as np
import pytest
from sqlalchemy import text

from backend.access.permissions import P
from backend.audit import service as audit
from backend.catalog.errors import DecisionRuleUnfit
from backend.decisions import cutoff_trial, service, swap
from backend.decisions.errors import NoShadow, VersionNotLogged
from backend.decisions.explorer import explore
from backend.decisions.rule_change import set_decision_rule
from backend.errors import Forbidden
from backend.groups import service as groups
from backend.groups.errors import InvalidSplit, StalePhase
from backend.hub import Hub
from backend.ids import SHADOW_OF, new_id, shadow_id
from backend.inference_log.refs import LogRef
from backend.inference_log.rows import row_of
from backend.inference_log.writer import write
from backend.outcomes.service import record as record_outcomes
from schemas.audit import ListAudit
from schemas.cutoffs import ExploreCutoffs, TryCutoff
from schemas.decisions import DecisionBand, DecisionRule, DecisionSettings, SetDecisionRule, SetValueTable
from schemas.group_settings import GroupSettings
from schemas.groups import ConfigureGroup, CreateGroup, Group, GroupRef, MemberRole, MemberSpec
from schemas.inference import Outcome, RecordOutcomes
from schemas.swap_sets import AskSwapSet
from tests.backend.comparison.test_comparison import compare, of
from tests.backend.decisions.test_explorer import TABLE
from tests.support.log_records import record
from tests.support.served import Served

FACTS = service.DecisionFacts(DecisionSettings(), TABLE)
N, FIRST, SECOND = 1_200, 0.2, 0.3


class Book:
    """Applications scored by a champion with one cut-off and a shadow with another, with the outcomes of what was approved [n]."""

    def __init__(self) -> None:
        random = np.random.default_rng(12)
        self.scores = random.beta(2, 6, N)
        self.copied = np.clip(self.scores + random.normal(0, 0.05, N), 0.001, 0.999)
        self.bad = random.random(N) < self.scores
        self.first, self.second = self.scores < FIRST, self.copied < SECOND


@pytest.fixture
async def group(hub: Hub, served: Served) -> Group:
    async with hub.work(served.tenant.admin) as work:
        bands = [DecisionBand(decision="approve", below=FIRST), DecisionBand(decision="decline")]
        made = await set_decision_rule(work, SetDecisionRule(version_id=served.serving.champion.id, rule=DecisionRule(bands=bands)))
        slug = f"swap_{str(new_id())[-12:]}"
        shadow = MemberSpec(version_id=served.serving.challenger.id, role=MemberRole.SHADOW, share=0)
        members = [MemberSpec(version_id=made.id, role=MemberRole.CHAMPION, share=10_000), shadow]
        return await groups.create(work, CreateGroup(name=slug, slug=slug, members=members))


@pytest.fixture
async def book(hub: Hub, served: Served, group: Group) -> Book:
    """The applications, logged."""
    found = Book()
    champion, shadow = group.phase.members
    rows, told = [], []
    for at, bucket in zip(range(N), cycle(range(10_000)), strict=False):
        name = "approve" if found.first[at] else "decline"
        of = {"version": champion.label, "version_id": champion.version_id, "role": "champion", "propensity": 1.0}
        made = record(score=float(found.scores[at]), bucket=bucket, decision=name, **of)
        copy = msgspec.structs.replace(
            made,
            inference_id=shadow_id(made.inference_id, shadow.version_id),
            version=shadow.label,
            version_id=shadow.version_id,
            role="shadow",
            score=float(found.copied[at]),
            decision="approve" if found.second[at] else "decline",
            output={"score": float(found.copied[at]), SHADOW_OF: str(made.inference_id)},
        )
        rows += [row_of(made, None, None), row_of(copy, None, None)]
        if found.first[at]:
            told.append(Outcome(inference_id=made.inference_id, actual=float(found.bad[at])))
    assert served.tenant.admin.tenant_id
    async with hub.work(served.tenant.admin) as work:
        assert await write(work, LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name), rows) == []
        await record_outcomes(work, RecordOutcomes(slug=group.slug, outcomes=told))
        await service.set_value_table(work, SetValueTable(slug=group.slug, table=TABLE))
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(reveals=["approve"], maturity_hours=0)))
    return found


async def test_the_swap_set_counts_what_only_one_approves_and_says_what_nobody_knows(hub: Hub, served: Served, group: Group, book: Book) -> None:
    async with hub.work(served.tenant.admin) as work:
        found = await swap.swap(work, AskSwapSet(slug=group.slug))
        with pytest.raises(VersionNotLogged):
            await swap.swap(work, AskSwapSet(slug=group.slug, shadow="v9.9"))
    masks = {
        "both": book.first & book.second,
        "only_answered": book.first & ~book.second,
        "only_shadow": ~book.first & book.second,
        "neither": ~book.first & ~book.second,
    }
    worth = np.where(book.bad, -5.0, 1.0)
    assert (found.rows, found.currency, found.shadow) == (N, "EUR", group.phase.members[1].label)
    for part in found.parts:
        mask = masks[part.name]
        known = mask & book.first
        assert (part.n, part.known, part.bad) == (mask.sum(), known.sum(), (book.bad & known).sum())
        if part.name in ("both", "only_answered"):
            assert part.answered_value == pytest.approx(worth[mask].mean())
        if part.name == "only_shadow":
            assert (part.bad_rate.value, part.least, part.most, part.shadow_value, part.answered_value) == (None, 0.0, 1.0, None, 0.0)
    gained = int(masks["only_shadow"].sum())
    assert f"{gained:,} applications that were declined" in found.words
    assert f"outcome of {gained:,}" in found.words


class Copied(NamedTuple):
    """A row of the swap set: an application that both decided."""

    answered: str
    copied: str
    actual: float | None
    by_lot: bool = False
    inputs: None = None
    version: str = "v1.2"


def test_what_a_lot_approved_tells_of_those_that_only_the_shadow_approves() -> None:
    lot = [Copied("approve", "approve", 1.0, by_lot=True), Copied("approve", "approve", 0.0, by_lot=True)]
    found = swap.swap_set_of("any", "v1.3", [Copied("approve", "approve", 0.0), *lot, *[Copied("decline", "approve", None)] * 3], FACTS)
    both, _, gained, _ = found.parts
    assert (both.n, both.known, both.bad) == (1, 1, 0)
    assert (gained.n, gained.known, gained.bad, gained.answered_value, gained.shadow_value) == (5, 2, 1, 0.0, -2.0)
    assert "2 of the 5 have an outcome" in found.words


async def test_what_the_lot_approved_was_declined_by_the_rule(hub: Hub, served: Served, group: Group, book: Book) -> None:
    async with hub.work(served.tenant.admin) as work:
        lots = f"UPDATE {group.table_name} SET lot = 0.1, lot_propensity = 0.5 WHERE role <> 'shadow' AND decision = 'approve' AND score < 0.1"
        explored = (await work.session.execute(text(lots))).rowcount
        found = {part.name: part for part in (await swap.swap(work, AskSwapSet(slug=group.slug))).parts}
    by_lot, known = book.scores < 0.1, book.first
    assert explored == by_lot.sum() > 0
    assert found["both"].n == (book.first & ~by_lot & book.second).sum()
    assert (found["only_shadow"].n, found["only_shadow"].known) == (((~book.first | by_lot) & book.second).sum(), (known & by_lot & book.second).sum())


async def test_a_group_without_a_shadow_says_so(hub: Hub, served: Served) -> None:
    plain = await served.group(hub)
    async with hub.work(served.tenant.admin) as work:
        with pytest.raises(NoShadow):
            await swap.swap(work, AskSwapSet(slug=plain.slug))


async def test_the_gain_of_a_cut_off_is_the_difference_on_the_same_applications(hub: Hub, served: Served, group: Group, book: Book) -> None:
    async with hub.work(served.tenant.admin) as work:
        found = await explore(work, ExploreCutoffs(slug=group.slug))
    worth = np.where(book.bad, -5.0, 1.0)
    now = (worth * book.first).mean()
    assert found.current is not None
    assert found.current.approval_rate.value == pytest.approx(book.first.mean())
    assert found.current.bad_rate.value == pytest.approx(book.bad[book.first].mean())
    assert found.current.value.value == pytest.approx(now)
    for point in (one for one in found.points if 0 < one.cut <= FIRST):
        then = (worth * (book.scores < point.cut)).mean()
        assert point.gain.value == pytest.approx(then - now)
        assert point.gain.interval.low <= then - now <= point.gain.interval.high
    same = next(point for point in found.points if point.cut == FIRST)
    assert (same.gain.value, same.gain.interval.low, same.gain.interval.high) == pytest.approx((0, 0, 0)), "the same decisions leave nothing to doubt"
    beyond = next(point for point in found.points if point.cut > FIRST)
    assert (beyond.gain.value, beyond.value_least < beyond.value_most) == (None, True)


async def test_a_cut_off_is_tried_in_one_step_and_remembers_what_was_expected(hub: Hub, served: Served, group: Group, book: Book) -> None:
    async with hub.work(served.tenant.admin) as work:
        given = TryCutoff(slug=group.slug, phase=1, cut=0.15, role="challenger", share=500)
        made = await cutoff_trial.try_cutoff(work, given)
    async with hub.work(served.tenant.admin) as work:
        after = await groups.get(work, GroupRef(slug=group.slug))
        listed = await cutoff_trial.list_trials(work, GroupRef(slug=group.slug))
        with pytest.raises(StalePhase):
            await cutoff_trial.try_cutoff(work, TryCutoff(slug=group.slug, phase=1, cut=0.1))
    for given, error, pointer in (({"cut": 1e300}, DecisionRuleUnfit, "/cut"), ({"cut": 0.1, "role": "challenger"}, InvalidSplit, "/share")):
        async with hub.work(served.tenant.admin) as work:
            with pytest.raises(error) as refused:
                await cutoff_trial.try_cutoff(work, TryCutoff(slug=group.slug, phase=2, **given))
        assert [issue.pointer for issue in refused.value.issues] == [pointer]
    members = {one.version_id: (one.role, one.share) for one in after.phase.members}
    assert members[made.version_id] == (MemberRole.CHALLENGER, 500)
    assert sum(share for _, share in members.values()) == 10_000
    worth = np.where(book.bad, -5.0, 1.0)
    assert made.expected.value == pytest.approx((worth * (book.scores < 0.15)).mean())
    assert listed.trials == [made]
    async with hub.work(served.tenant.admin) as work:
        rules = (await service.get(work, GroupRef(slug=group.slug))).rules
        entries = (await audit.browse(work, ListAudit(subject=f"group:{group.slug}"))).items
    rule = next(one.rule for one in rules if one.version_id == made.version_id)
    assert rule is not None
    assert [(band.decision, band.below) for band in rule.rule.bands] == [("approve", 0.15), ("decline", None)]
    assert "decisions.tryCutoff" in [entry.action for entry in entries]


async def test_a_shadow_that_would_approve_what_was_declined_has_no_value(hub: Hub, served: Served, group: Group, book: Book) -> None:
    shown = await compare(hub, served, group)
    champion, shadow = (of(shown, member.label) for member in group.phase.members)
    assert champion.value.value == pytest.approx((np.where(book.bad, -5.0, 1.0) * book.first).mean())
    assert shadow.approval_rate.value == pytest.approx(book.second.mean())
    assert (shadow.value.value, shadow.value_clipped) == (None, None)


async def test_a_caller_that_may_change_the_split_and_make_no_version_tries_no_cut_off(hub: Hub, served: Served, group: Group, book: Book) -> None:
    splits = msgspec.structs.replace(served.tenant.admin, permissions=frozenset({P.GROUP_GROUP_READ, P.GROUP_GROUP_WRITE, P.INFERENCE_GROUP_READ}))
    with pytest.raises(Forbidden, match="catalog:model:write"):
        async with hub.work(splits) as work:
            await cutoff_trial.try_cutoff(work, TryCutoff(slug=group.slug, phase=1, cut=0.15))
    async with hub.work(served.tenant.admin) as work:
        assert (await groups.get(work, GroupRef(slug=group.slug))).phase.number == 1
