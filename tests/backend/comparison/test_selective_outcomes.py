"""Outcomes that only some decisions reveal: nobody leads on them, and the page asks which decisions reveal outcomes."""

import numpy as np
import pytest

from backend.comparison.ramp_figures import judge
from backend.comparison.split_estimate import estimate_split
from backend.groups import service as groups
from backend.groups.errors import GateNotMet
from backend.hub import Hub
from backend.promotion.promote import promote
from schemas.group_settings import GroupSettings
from schemas.groups import ConfigureGroup, Group
from schemas.promotion import Promote
from schemas.ramps import EstimateSplit, SplitShare
from tests.backend.comparison.test_comparison import compare, fill, of
from tests.support.served import Served

CUT = 0.3


def credit(n: int, shift: float = 1.0, cut: float | None = CUT, seed: int = 8) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """A calibrated champion, and the same with a logit more; outcomes for scores below the cut only; and every outcome."""
    random = np.random.default_rng(seed)
    scores, labels, truths = {}, {}, {}
    for label, more in (("v1.2", 0.0), ("v1.3", shift)):
        logit = random.normal(-0.8, 1.2, n)
        truth = (random.random(n) < 1 / (1 + np.exp(-logit))).astype(float)
        scores[label], truths[label] = 1 / (1 + np.exp(-logit - more)), truth
        labels[label] = truth if cut is None else np.where(scores[label] < cut, truth, np.nan)
    return scores, labels, truths


async def revealing(hub: Hub, served: Served, group: Group, settings: GroupSettings) -> None:
    async with hub.work(served.tenant.admin) as work:
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=settings))


@pytest.mark.parametrize("exact", [False, True])
async def test_a_logit_more_does_not_lead_because_outcomes_exist_for_low_scores_only(hub: Hub, served: Served, exact: bool) -> None:
    """The truly worse version looks twice as good on what its own decisions reveal."""
    group = await served.group(hub, challenger_share=5_000)
    await revealing(hub, served, group, GroupSettings(require_verdict=True))
    scores, labels, truths = credit(4_000)
    await fill(hub, served, group, scores, labels)
    true = {label: float(((scores[label] - truths[label]) ** 2).mean()) for label in scores}
    shown = await compare(hub, served, group, exact=exact)
    assert true["v1.2"] < true["v1.3"]
    assert of(shown, "v1.3").brier.value < of(shown, "v1.2").brier.value
    assert (shown.leader, shown.differences) == (None, [])
    assert shown.selection is not None
    assert shown.selection.by_score
    assert "Which decisions reveal outcomes?" in shown.selection.question
    assert shown.conclusion is not None
    assert (shown.conclusion.state, shown.conclusion.headline) == ("selective", "No verdict on outcomes.")
    assert "Which decisions reveal outcomes?" in shown.conclusion.advice
    with pytest.raises(GateNotMet, match="only some decisions reveal them"):
        async with hub.work(served.tenant.admin) as work:
            await promote(work, Promote(slug=group.slug, version_id=served.serving.challenger.id, evidence_id=shown.evidence_id))
    for label, score in scores.items():
        mine = of(shown, label)
        assert mine.outcomes_on == "among its own approved"
        bands = {(one.metric, one.assumption): one for one in mine.bounds}
        known = ~np.isnan(labels[label])
        worst = [np.where(known, labels[label], np.where(score < 0.5, end, 1 - end)) for end in (0.0, 1.0)]
        brier = bands["brier", "any"]
        assert [brier.within.low, brier.within.high] == pytest.approx([((score - truth) ** 2).mean() for truth in worst], abs=1e-3)
        assert brier.within.low <= true[label] <= brier.within.high
        assert (brier.n, brier.unknown) == (4_000, int((~known).sum()))
        assert bands["bad_rate", "plausible"].within.high <= bands["bad_rate", "any"].within.high


async def test_neither_a_ramp_nor_a_proposed_split_is_judged_on_such_losses(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    scores, labels, _ = credit(4_000)
    await fill(hub, served, group, scores, labels)
    champion, challenger = group.phase.members
    async with hub.work(served.tenant.admin) as work:
        judged = (await judge(work, group, challenger, 1)).figures
        shares = [SplitShare(version_id=champion.version_id, share=2_000), SplitShare(version_id=challenger.version_id, share=8_000)]
        estimate = await estimate_split(work, EstimateSplit(slug=group.slug, members=shares))
    assert (judged.loss_difference, judged.loss_low) == (None, None)
    assert judged.outcomes > 100
    assert "depends on the score" in judged.loss_held
    assert "depends on the score" in estimate.held


async def test_versions_whose_outcomes_come_in_unequally_are_not_compared(hub: Hub, served: Served) -> None:
    """Whatever the score: one approves 80 %, the other 60 %."""
    group = await served.group(hub, challenger_share=5_000)
    scores, labels, _ = credit(3_000, cut=None)
    random = np.random.default_rng(1)
    for label, share in (("v1.2", 0.8), ("v1.3", 0.6)):
        labels[label] = np.where(random.random(3_000) < share, labels[label], np.nan)
    await fill(hub, served, group, scores, labels)
    shown = await compare(hub, served, group)
    assert shown.selection is not None
    assert (shown.selection.by_score, shown.selection.by_version) == (False, True)
    assert "differs between the versions beyond chance: v1.2 has 8" in shown.verdict


async def test_outcomes_that_are_missing_by_chance_hold_nothing_back(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    scores, labels, _ = credit(3_000, cut=None)
    random = np.random.default_rng(1)
    missing = {label: np.where(random.random(3_000) < 0.7, mine, np.nan) for label, mine in labels.items()}
    await fill(hub, served, group, scores, missing)
    shown = await compare(hub, served, group)
    assert shown.selection is None
    assert shown.leader == served.serving.champion.id
    assert [(one.outcomes_on, one.bounds) for one in shown.contenders] == [("requests by lot with an outcome", [])] * 2


async def test_a_group_that_says_which_decisions_reveal_outcomes_is_not_asked(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    await revealing(hub, served, group, GroupSettings(reveals=["approve"]))
    scores, labels, _ = credit(3_000, cut=None)
    await fill(hub, served, group, scores, labels)
    shown = await compare(hub, served, group)
    assert shown.leader is None
    assert shown.selection is not None
    assert (shown.selection.declared, shown.selection.question) == (["approve"], "")
    assert "The group says that outcomes exist for approve only." in shown.verdict
