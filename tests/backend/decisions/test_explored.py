"""Figures of everyone up to the edge of an exploration's band, and the replay of its lots."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score
from sqlalchemy import text

from backend.comparison import routing_replay
from backend.comparison.explored import Applicants
from backend.decisions import final
from backend.decisions.lots import lot_of
from backend.hub import Hub
from backend.settings import Settings
from schemas.decisions import FinalDecision, RecordDecisions
from schemas.exploration import Exploration
from schemas.groups import Group
from schemas.ramps import ReplayRouting
from tests.backend.comparison.test_comparison import compare
from tests.backend.decisions.test_exploration import CUT, EDGE, SHARE, begun, decided_group, explored
from tests.support.served import Served, make_served


@pytest.fixture(scope="module")
def served(settings: Settings) -> Served:
    """A tenant of this file's own, as its tests add people to it."""
    return make_served(settings)


@pytest.fixture
async def group(hub: Hub, served: Served) -> Group:
    """A group whose champion approves below the cut-off."""
    return await decided_group(hub, served)


async def test_figures_beyond_the_approved_hold_for_everyone_up_to_the_edge(hub: Hub, served: Served, group: Group) -> None:
    asked = await begun(hub, served, group)
    scores, truth = await explored(hub, served, group, asked)
    everyone = scores < EDGE
    (contender,) = (await compare(hub, served, group)).contenders
    told = contender.explored
    assert told is not None
    assert told.rows == everyone.sum()
    figures = {one.metric: one.estimate for one in told.figures}
    weights = np.where(scores < CUT, 1.0, won_weights(group, asked, scores))[everyone]
    mine, outcome = scores[everyone], truth[everyone]
    weighted = {
        "bad_rate": np.average(outcome, weights=weights),
        "brier": brier_score_loss(outcome, mine, sample_weight=weights),
        "roc_auc": roc_auc_score(outcome, mine, sample_weight=weights),
    }
    whole = {"bad_rate": outcome.mean(), "brier": brier_score_loss(outcome, mine), "roc_auc": roc_auc_score(outcome, mine)}
    for name, value in weighted.items():
        half = (figures[name].interval.high - figures[name].interval.low) / 2
        assert figures[name].value == pytest.approx(value)
        assert abs(figures[name].value - whole[name]) < 2.5 * half, name  # about five standard errors, as each run draws its own lots
    assert truth[scores < CUT].mean() < figures["bad_rate"].interval.low


def won_weights(group: Group, asked: Exploration, scores: np.ndarray) -> np.ndarray:
    """For how many applications each explored one stands [n]; 0 for those that the lot did not approve."""
    lots = np.array([lot_of(asked.id, group.salt, f"client-{at}") for at in range(len(scores))])
    return np.where(lots < SHARE, 1 / SHARE, 0.0)


async def test_opportunity_by_segment_counts_the_good_whom_the_rule_approves(hub: Hub, served: Served, group: Group) -> None:
    async with hub.work(served.tenant.admin) as work:
        region = '[{"name": "region", "role": "segment", "type": "category"}]'
        add = text("UPDATE versions SET document = jsonb_set(document, '{features}', (document -> 'features') || CAST(:region AS jsonb)) WHERE id = :id")
        await work.session.execute(add, {"region": region, "id": group.phase.members[0].version_id})
    asked = await begun(hub, served, group)
    scores, truth = await explored(hub, served, group, asked)
    (contender,) = (await compare(hub, served, group)).contenders
    assert contender.explored is not None
    assert [(one.column, one.value) for one in contender.explored.groups] == [("region", "north"), ("region", "south")]
    weights = np.where(scores < CUT, 1.0, won_weights(group, asked, scores))
    for one in contender.explored.groups:
        here = (np.arange(len(scores)) % 3 == 0) == (one.value == "south")
        good = here & (scores < EDGE) & (truth == 0)
        assert one.n == (here & (scores < EDGE)).sum()
        assert one.approved_of_good.value == pytest.approx((weights * good * (scores < CUT)).sum() / (weights * good).sum())


async def test_a_replay_draws_every_lot_again(hub: Hub, served: Served, group: Group) -> None:
    asked = await begun(hub, served, group)
    await explored(hub, served, group, asked, n=400)
    async with hub.work(served.tenant.admin) as work:
        replay = await routing_replay.replay_routing(work, ReplayRouting(slug=group.slug))
    assert replay.rows == replay.matched == 400
    await explored(hub, served, group, asked, n=100, forged=True)
    async with hub.work(served.tenant.admin) as work:
        again = await routing_replay.replay_routing(work, ReplayRouting(slug=group.slug))
    assert 0 < again.rows - again.matched <= 100


def test_rows_of_one_applicant_are_one_cluster_whatever_the_buckets_follow() -> None:
    lots = np.array([0.1, 0.1, 0.1, 0.15, 0.9, np.nan])
    chances = np.array([0.2, 0.2, 0.2, 0.2, 0.2, np.nan])
    rows = Applicants(np.arange(6), np.zeros(6), np.zeros(6), lots, chances, np.zeros(6, dtype=np.int64), [])
    assert rows.clusters(by_applicant=True).tolist() == list(range(6))
    first, again, third, other, lost, approved = rows.clusters(by_applicant=False).tolist()
    assert first == again == third != other
    assert len({first, other, lost, approved}) == 4


async def test_figures_say_how_many_approvals_a_person_refused(hub: Hub, served: Served, group: Group) -> None:
    asked = await begun(hub, served, group)
    await explored(hub, served, group, asked, n=400)
    async with hub.work(served.tenant.admin) as work:
        first = f"SELECT inference_id FROM {group.table_name} WHERE lot < lot_propensity ORDER BY inference_id LIMIT 3"
        ids = (await work.session.execute(text(first))).scalars().all()
        told = [FinalDecision(inference_id=one, decision="decline", by="clerk", kind="person") for one in ids]
        await final.record(work, RecordDecisions(slug=group.slug, decisions=told))
    (contender,) = (await compare(hub, served, group)).contenders
    assert contender.explored is not None
    assert "3 applications whose approval a person refused" in contender.explored.on


async def test_figures_hold_though_most_winners_found_no_place(hub: Hub, served: Served, group: Group) -> None:
    asked = await begun(hub, served, group)
    scores, truth = await explored(hub, served, group, asked, places=0.2)
    (contender,) = (await compare(hub, served, group)).contenders
    assert contender.explored is not None
    figures = {one.metric: one.estimate for one in contender.explored.figures}
    everyone = truth[scores < EDGE].mean()
    half = (figures["bad_rate"].interval.high - figures["bad_rate"].interval.low) / 2
    assert abs(figures["bad_rate"].value - everyone) < 2.5 * half, (figures["bad_rate"], everyone)
    async with hub.work(served.tenant.admin) as work:
        replay = await routing_replay.replay_routing(work, ReplayRouting(slug=group.slug))
    assert replay.rows == replay.matched


@pytest.mark.parametrize("forged", ["lot_propensity = 0.19", "decision = 'approve'", "lot_propensity = 0"])
async def test_a_replay_finds_a_chance_and_a_decision_that_the_lot_did_not_give(hub: Hub, served: Served, group: Group, forged: str) -> None:
    asked = await begun(hub, served, group)
    await explored(hub, served, group, asked, n=200)
    async with hub.work(served.tenant.admin) as work:
        lost = f"UPDATE {group.table_name} SET {forged} WHERE lot >= lot_propensity"
        changed = (await work.session.execute(text(lost))).rowcount
        replay = await routing_replay.replay_routing(work, ReplayRouting(slug=group.slug))
    assert replay.rows - replay.matched == changed > 0
