"""What the log proves of a split: who had to answer, and what another split would have given."""

import time
import tracemalloc
from collections.abc import AsyncIterator

import msgspec
import numpy as np
import pytest
from sqlalchemy import text

from backend.comparison.routing_replay import replay_routing
from backend.comparison.split_estimate import NoSupport, estimate_split
from backend.groups import service as groups
from backend.groups.buckets import bucket_of
from backend.groups.halt import halt_version, resume_version
from backend.hub import Hub
from backend.inference_log.refs import LogRef
from backend.inference_log.rows import rows_of
from backend.inference_log.writer import write
from backend.numerics.statistics.off_policy import estimate
from backend.runtimes.protocol import Floats, Scores
from backend.serving.errors import MissingFeatures
from backend.serving.predict import Predictor
from backend.settings import Settings
from schemas.group_settings import GroupSettings
from schemas.groups import ConfigureGroup, Group, HaltVersion, MemberSpec, ResumeVersion, SetSplit
from schemas.inference import PredictBody, Prediction
from schemas.ramps import EstimateSplit, ReplayRouting, RoutingReplay, SplitShare
from tests.support.log_records import record
from tests.support.predictions import drain, logged
from tests.support.served import Served, make_served


@pytest.fixture(scope="module")
def served(settings: Settings) -> Served:
    return make_served(settings)


@pytest.fixture
async def predictor(hub: Hub) -> AsyncIterator[Predictor]:
    yield await hub.serving.start(hub, lambda: None)
    await hub.serving.stop()


async def ask(predictor: Predictor, served: Served, group: Group, **said: object) -> Prediction:
    body = msgspec.convert({"inputs": served.serving.inputs, **said}, PredictBody)
    answer = await predictor.predict(served.tenant.admin, group.slug, body)
    assert isinstance(answer, Prediction)
    return answer


async def replayed(hub: Hub, served: Served, group: Group, **said: object) -> RoutingReplay:
    async with hub.work(served.tenant.admin, read_only=True) as work:
        return await replay_routing(work, msgspec.convert({"slug": group.slug, **said}, ReplayRouting))


async def test_every_past_decision_is_recomputed_whatever_its_reason(hub: Hub, served: Served, predictor: Predictor) -> None:
    group = await served.group(hub, challenger_share=5_000)
    narrow = {name: served.serving.inputs[name] for name in [feature.name for feature in served.serving.champion.document.features]}
    for at in range(40):
        await ask(predictor, served, group, entity_key=f"a{at}")
    members = [MemberSpec(version_id=one.version_id, role=one.role, share=share) for one, share in zip(group.phase.members, (2_000, 8_000), strict=True)]
    async with hub.work(served.tenant.admin) as work:
        await groups.set_split(work, SetSplit(slug=group.slug, phase=1, members=members))
    for at in range(40):
        await ask(predictor, served, group, entity_key=f"a{at}")
        await ask(predictor, served, group, inputs=narrow, entity_key=f"a{at}")
        await ask(predictor, served, group)
    await ask(predictor, served, group, prefer="v1.2")
    async with hub.work(served.tenant.admin) as work:
        await halt_version(work, HaltVersion(version_id=served.serving.challenger.id))
    for at in range(20):
        await ask(predictor, served, group, entity_key=f"a{at}")
    async with hub.work(served.tenant.admin) as work:
        await resume_version(work, ResumeVersion(version_id=served.serving.challenger.id))
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(routing_key="segments.branch")))
    for at in range(10):
        await ask(predictor, served, group, segments={"branch": f"b{at}"})
    await drain(hub, group)
    said = await replayed(hub, served, group)
    assert (said.matched, said.rows, said.examples) == (191, 191, [])
    assert set(said.reasons) == {"split", "features", "fallback", "preferred"}
    assert said.reasons["preferred"] == 1
    assert (await replayed(hub, served, group, phase=1)).reasons == {"split": 40}


async def test_a_row_that_somebody_else_answered_is_found(hub: Hub, served: Served, predictor: Predictor) -> None:
    group = await served.group(hub, challenger_share=5_000)
    answers = [await ask(predictor, served, group, entity_key=f"k{at}") for at in range(20)]
    await drain(hub, group)
    forged = next(answer for answer in answers if answer.version == "v1.3")
    async with hub.work(served.tenant.admin) as work:
        values = {"id": forged.inference_id, "version": served.serving.champion.id}
        await work.session.execute(text(f"UPDATE {group.table_name} SET model_version_id = :version, version = 'v1.2' WHERE inference_id = :id"), values)
    said = await replayed(hub, served, group)
    assert (said.rows, said.matched) == (20, 19)
    assert [(one.inference_id, one.recorded, one.expected) for one in said.examples] == [(forged.inference_id, "v1.2", "v1.3")]


async def test_a_hundred_thousand_rows_are_replayed_in_little_memory(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    ref = LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name)
    for part in range(10):
        records = []
        for at in range(10_000):
            bucket = bucket_of(group.salt, f"k{part}-{at}")
            member = next(one for one in group.phase.members if any(span.start <= bucket < span.end for span in one.ranges))
            said = {"version_id": member.version_id, "version": member.label, "role": member.role.value, "propensity": 0.5}
            records.append(record(bucket=bucket, entity_key=f"k{part}-{at}", **said))
        async with hub.work(ref.actor) as work:
            await write(work, ref, rows_of(records, {}, work.now))
    tracemalloc.start()
    said = await replayed(hub, served, group)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (said.rows, said.matched) == (100_000, 100_000)
    assert peak < 32 * 1024 * 1024


async def test_what_the_champion_needs_and_lacks_is_named_feature_by_feature(hub: Hub, served: Served, predictor: Predictor) -> None:
    group = await served.group(hub)
    with pytest.raises(MissingFeatures) as refused:
        await ask(predictor, served, group, inputs={})
    assert {issue.pointer for issue in refused.value.issues} == {f"/inputs/{feature.name}" for feature in served.serving.champion.document.features}


async def test_the_propensity_is_the_chance_that_this_request_met_this_version(hub: Hub, served: Served, predictor: Predictor) -> None:
    group = await served.group(hub, challenger_share=4_000)
    narrow = {name: served.serving.inputs[name] for name in [feature.name for feature in served.serving.champion.document.features]}
    whole = [(await ask(predictor, served, group, entity_key=f"k{at}")).inference_id for at in range(20)]
    partial = [(await ask(predictor, served, group, inputs=narrow, entity_key=f"k{at}")).inference_id for at in range(20)]
    await drain(hub, group)
    rows = await logged(hub, served.tenant, group)
    assert {(rows[one]["role"], rows[one]["propensity"]) for one in whole} == {("champion", 0.6), ("challenger", 0.4)}
    assert {(rows[one]["role"], rows[one]["propensity"]) for one in partial} == {("champion", 1.0)}
    assert any("was not chosen, as the request lacks" in str(rows[one]["error"]) for one in partial)


class Slow:
    """A runtime that thinks for a while before it says what another says."""

    def __init__(self, inner: object, seconds: float) -> None:
        self._inner, self._seconds = inner, seconds

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def predict(self, matrix: Floats) -> Scores:
        time.sleep(self._seconds)
        return self._inner.predict(matrix)  # type: ignore[attr-defined,no-any-return]


async def test_a_challenger_that_passes_its_time_budget_hands_over_to_the_champion_and_its_row_says_so(hub: Hub, served: Served, predictor: Predictor) -> None:
    group = await served.group(hub, challenger_share=10_000)
    async with hub.work(served.tenant.admin) as work:
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(time_budget_ms=60)))
    assert (await ask(predictor, served, group)).version == "v1.3", "one in time answers"
    routed = await predictor.find(served.tenant.admin, group.slug)
    challenger = next(member for member in routed.members if member.role == "challenger")
    assert challenger.served is not None
    object.__setattr__(challenger.served, "runtime", Slow(challenger.served.runtime, 0.5))
    try:
        answer = await ask(predictor, served, group)
    finally:
        object.__setattr__(challenger.served, "runtime", challenger.served.runtime._inner)  # type: ignore[attr-defined]
    assert (answer.version, answer.role) == ("v1.2", "champion")
    assert 60_000 <= answer.latency_us < 400_000
    await drain(hub, group)
    row = (await logged(hub, served.tenant, group))[answer.inference_id]
    assert (row["status"], row["error"]) == ("fallback", "v1.3 failed: it took longer than its 60 ms")
    assert (await replayed(hub, served, group)).matched == 2


async def test_a_split_is_estimated_with_an_interval_and_one_without_support_is_refused(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    ref = LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name)
    rng = np.random.default_rng(3)
    records = []
    for bucket in rng.integers(0, 10_000, 4_000).tolist():
        member = next(one for one in group.phase.members if any(span.start <= bucket < span.end for span in one.ranges))
        said = {"version_id": member.version_id, "version": member.label, "role": member.role.value, "propensity": 0.5}
        records.append(record(bucket=bucket, score=0.1 if member.label == "v1.3" else 0.3, **said))
    async with hub.work(ref.actor) as work:
        await write(work, ref, rows_of(records, {}, work.now))
        await work.session.execute(text(f"UPDATE {group.table_name} SET actual = 0"))
    champion, challenger = (member.version_id for member in group.phase.members)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        wanted = [SplitShare(version_id=champion, share=2_000), SplitShare(version_id=challenger, share=8_000)]
        said = await estimate_split(work, EstimateSplit(slug=group.slug, members=wanted))
        with pytest.raises(NoSupport) as refused:
            await estimate_split(work, EstimateSplit(slug=group.slug, members=[SplitShare(version_id=group.id, share=10_000)]))
    assert refused.value.issues[0].pointer == "/members/0/version_id"
    assert said.n == 4_000
    assert said.proposed.value == pytest.approx(0.2 * 0.09 + 0.8 * 0.01, abs=0.002)
    assert said.difference.value is not None
    assert said.difference.value < 0
    assert said.difference.interval is not None
    assert said.difference.interval.high < 0
    assert 2_000 < said.effective_n < 4_000


def test_the_interval_of_an_estimated_split_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    old, new, means = np.array([0.8, 0.2]), np.array([0.3, 0.7]), np.array([0.30, 0.22])
    truth, held, held_difference, runs = new @ means, 0, 0, 600
    for _ in range(runs):
        owner = (rng.random(2_000) < old[1]).astype(int)
        counts = rng.poisson(1.5, 2_000).astype(float)
        shared = rng.normal(0, 0.1, 2_000)  # what a bucket's rows have in common
        totals = counts * (means[owner] + shared) + rng.normal(0, 0.2, 2_000) * np.sqrt(counts)
        said = estimate(counts, totals, (new / old)[owner])
        assert said is not None
        held += abs(said.new[0] - truth) < 1.96 * said.new[1]
        held_difference += abs(said.difference[0] - (truth - old @ means)) < 1.96 * said.difference[1]
    assert 0.92 < held / runs < 0.98
    assert 0.92 < held_difference / runs < 0.98
