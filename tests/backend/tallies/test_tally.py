"""Tallies: whatever happens to rows and outcomes, what was kept while logging is what the log holds."""

import asyncio
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text

from backend.comparison import rebuild
from backend.comparison.cells import LAST
from backend.comparison.from_log import tallies_of
from backend.comparison.service import compare
from backend.groups import service as groups
from backend.hub import Hub
from backend.ids import SHADOW_OF, first_id_at, shadow_id
from backend.inference_log.record import Record
from backend.inference_log.refs import LogRef
from backend.inference_log.rows import row_of
from backend.inference_log.writer import Partitions, write
from backend.numerics.statistics.sketch import Sketch, sketch_of
from backend.outcomes.service import record as record_outcomes
from backend.tallies import compaction, queries
from backend.tallies.compaction import span_of
from backend.tallies.tally import Key
from schemas.groups import Group, MemberRole, MemberSpec, SetSplit
from schemas.inference import Outcome, RecordOutcomes
from tests.support.log_records import record
from tests.support.served import Served

pytestmark = pytest.mark.busy

Found = dict[Key, tuple[Sketch, int, UUID | None, UUID | None]]


def ref(served: Served, group: Group) -> LogRef:
    assert served.tenant.admin.tenant_id
    return LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name)


async def put(hub: Hub, served: Served, group: Group, records: list[Record]) -> None:
    await Partitions(hub).cover(ref(served, group), [one.inference_id for one in records])
    async with hub.work(served.tenant.admin) as work:
        assert await write(work, ref(served, group), [row_of(one, None, None) for one in records]) == []


async def tell(hub: Hub, served: Served, group: Group, told: list[Outcome]) -> None:
    async with hub.work(served.tenant.admin) as work:
        await record_outcomes(work, RecordOutcomes(slug=group.slug, outcomes=told))


async def kept(hub: Hub, served: Served, group: Group) -> Found:
    """What is kept, added up by the finest key there is; what has cancelled out is nothing."""
    parts: defaultdict[Key, list[tuple[Sketch, int, UUID | None, UUID | None]]] = defaultdict(list)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        for row in await queries.of_group(work.session, work.tenant_id, group.id):
            key = Key(row.phase, row.version_id, row.arm, row.other_id, row.slot, row.seconds)
            parts[key].append((Sketch.decode(row.sketch), row.labelled, row.first, row.last))
    return {key: summed for key, part in parts.items() if (summed := added(part))[0] != Sketch()}


def added(parts: list[tuple[Sketch, int, UUID | None, UUID | None]]) -> tuple[Sketch, int, UUID | None, UUID | None]:
    firsts, lasts = [part[2] for part in parts if part[2]], [part[3] for part in parts if part[3]]
    return Sketch.merged(part[0] for part in parts), sum(part[1] for part in parts), min(firsts, default=None), max(lasts, default=None)


async def recounted(hub: Hub, served: Served, group: Group, now: float = 0.0) -> Found:
    """What the log holds, by the spans that are in use at a time: at the beginning of all time, the finest."""
    async with hub.work(served.tenant.admin, read_only=True) as work:
        made = await tallies_of(work, group.id, group.table_name, UUID(int=0), LAST, now)
    return {tally.key: (tally.sketch, tally.labelled, tally.first, tally.last) for tally in made}


async def with_shadow(hub: Hub, served: Served) -> Group:
    """A group in its second phase: the champion alone answers, the other is its shadow."""
    group = await served.group(hub)
    champion, challenger = served.serving.champion.id, served.serving.challenger.id
    members = [MemberSpec(version_id=champion, role=MemberRole.CHAMPION, share=10_000), MemberSpec(version_id=challenger, role=MemberRole.SHADOW, share=0)]
    async with hub.work(served.tenant.admin) as work:
        return await groups.set_split(work, SetSplit(slug=group.slug, phase=1, members=members))


def made(served: Served, dice: random.Random, at: datetime, phase: int) -> Record:
    """A row of any kind: by lot or not, answered, failed or in another's place, with any score."""
    champion, challenger = served.serving.champion.id, served.serving.challenger.id
    identifier = UUID(int=first_id_at(at).int | dice.getrandbits(60))
    bucket = dice.randrange(10_000)
    version = (challenger if bucket >= 9_000 else champion) if phase == 1 and dice.random() < 0.8 else dice.choice([champion, challenger])
    status = dice.choices(["ok", "fallback", "failed"], [8, 1, 1])[0]
    score = None if status == "failed" else dice.choice([dice.random(), dice.random() ** 6, 0.0, 0.35, 1.0, dice.gauss(0, 1000)])
    propensity = {champion: 0.9, challenger: 0.1}[version] if phase == 1 else 1.0
    return record(
        inference_id=identifier, version_id=version, version="v", role="champion" if version == champion else "challenger", phase=phase, bucket=bucket,
        propensity=propensity, status=status, score=score, latency_us=dice.randrange(50, 10**7),
        correlation_id=dice.choice([None, f"case-{dice.randrange(20)}"]), decision=None if score is None else dice.choice(["approve", "decline", None]),
    )  # fmt: skip


def copied(served: Served, answer: Record, dice: random.Random) -> Record:
    """What a shadow made of the same request."""
    shadow = served.serving.challenger.id
    return record(
        inference_id=shadow_id(answer.inference_id, shadow), version_id=shadow, version="v", role="shadow", phase=answer.phase, bucket=answer.bucket,
        propensity=1.0, score=dice.random(), output={SHADOW_OF: str(answer.inference_id)}, correlation_id=answer.correlation_id,
        decision=dice.choice(["approve", "refer"]),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
async def test_after_any_sequence_of_rows_duplicates_and_corrections_the_tallies_are_those_of_the_log(hub: Hub, served: Served, seed: int) -> None:
    dice = random.Random(seed)
    group = await with_shadow(hub, served)
    begin = datetime.now(UTC) - timedelta(hours=8)
    answers = [made(served, dice, begin + timedelta(seconds=dice.randrange(8 * 3600)), dice.choice([1, 2])) for _ in range(150)]
    copies = [copied(served, answer, dice) for answer in answers if answer.phase == 2 and dice.random() < 0.8]
    coming = dice.sample(answers + copies, len(answers) + len(copies))
    everyone = [*answers, *copies]
    while coming:
        batch = [coming.pop() for _ in range(min(len(coming), dice.randrange(1, 60)))]
        await put(hub, served, group, batch + dice.choices(everyone, k=5))  # some come twice, some before their time
        told = []
        for answer in dice.choices(answers, k=dice.randrange(1, 60)):
            by_name = answer.correlation_id if dice.random() < 0.3 else None
            target = None if by_name else answer.inference_id
            told.append(Outcome(actual=dice.choice([0, 1, 1, 0, 2.5]), inference_id=target, correlation_id=by_name))
        await tell(hub, served, group, told)
        if dice.random() < 0.4:
            async with hub.work(served.tenant.admin) as work:
                await compaction.fold(work, group.id)
    async with hub.work(served.tenant.admin) as work:
        await compaction.fold(work, group.id)
    before = await kept(hub, served, group)
    fine = await recounted(hub, served, group)
    assert sum(part[0].rows for key, part in fine.items() if key.arm != "pair") > 100
    assert any(key.arm == "pair" for key in fine)
    await rebuild.rebuild(hub, served.tenant.admin, group.id)
    assert await kept(hub, served, group) == before
    parts: defaultdict[Key, list[tuple[Sketch, int, UUID | None, UUID | None]]] = defaultdict(list)
    now = datetime.now(UTC).timestamp()
    for key, part in fine.items():
        parts[key._replace(**dict(zip(("slot", "seconds"), span_of(key.slot, key.seconds, now), strict=True)))].append(part)
    assert {key: added(part) for key, part in parts.items()} == before
    assert await recounted(hub, served, group, now) == before


async def test_rows_and_outcomes_that_come_while_tallies_are_made_anew_are_counted_once(hub: Hub, served: Served) -> None:
    group = await with_shadow(hub, served)
    dice = random.Random(7)
    rows = [made(served, dice, datetime.now(UTC), 2) for _ in range(400)]

    async def traffic() -> None:
        for start in range(0, len(rows), 20):
            batch = rows[start : start + 20]
            await put(hub, served, group, batch)
            await tell(hub, served, group, [Outcome(inference_id=one.inference_id, actual=1) for one in batch])

    async def tending() -> None:
        for _ in range(6):
            await rebuild.rebuild(hub, served.tenant.admin, group.id)
            await asyncio.sleep(0.05)

    await asyncio.gather(traffic(), tending())
    assert await kept(hub, served, group) == await recounted(hub, served, group)


async def test_a_group_that_was_there_before_tallies_is_compared_from_its_rows_until_a_run_has_counted_them(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    await put(hub, served, group, [record(version_id=served.serving.champion.id, score=0.2) for _ in range(30)])
    async with hub.work(served.tenant.admin) as work:
        await work.session.execute(text("DELETE FROM tallies WHERE group_id = :group"), {"group": group.id})
        await queries.ask_rebuild(work.session, work.tenant_id, group.id, work.now, None)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        shown = await compare(work, group.slug)
    assert (shown.exact, shown.contenders[0].n) == (True, 30)
    assert await rebuild.ask_due(hub) >= 1
    assert await rebuild.ask_due(hub) == 0  # somebody is at it
    assert (await rebuild.rebuild(hub, served.tenant.admin, group.id)) == {"rows": 30, "tallies": 1}
    assert await rebuild.ask_due(hub) == 0
    async with hub.work(served.tenant.admin, read_only=True) as work:
        shown = await compare(work, group.slug, since=1e18)
    assert (shown.exact, shown.contenders[0].n) == (False, 30)


async def test_many_appended_tallies_become_one_and_old_ones_longer(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    for _ in range(compaction.FOLD_ABOVE + 2):
        await put(hub, served, group, [record(version_id=served.serving.champion.id)])
    old = datetime.now(UTC) - timedelta(days=5)
    ids = [UUID(int=first_id_at(old + timedelta(minutes=minutes)).int | minutes) for minutes in range(0, 60, 5)]
    await put(hub, served, group, [record(inference_id=one, version_id=served.serving.champion.id) for one in ids])
    before = sum(part[0].rows for part in (await kept(hub, served, group)).values())
    await compaction.fold_waiting(hub)
    after = await kept(hub, served, group)
    assert sum(part[0].rows for part in after.values()) == before == compaction.FOLD_ABOVE + 2 + 12
    assert {key.seconds for key in after} == {300, 86_400}
    async with hub.work(served.tenant.admin, read_only=True) as work:
        assert len(await queries.keys_of(work.session, work.tenant_id, group.id)) == len(after)


async def test_a_row_that_cannot_be_kept_leaves_no_tally_and_a_failed_transaction_none_either(hub: Hub, served: Served) -> None:
    group = await served.group(hub)

    async def fail() -> None:
        async with hub.work(served.tenant.admin) as work:
            await write(work, ref(served, group), [row_of(record(version_id=served.serving.champion.id), None, None)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await kept(hub, served, group) == {}


def test_a_sketch_gives_back_what_was_put_in() -> None:
    dice = np.random.default_rng(1)
    whole = sketch_of(dice.random(500), np.where(dice.random(500) < 0.5, np.nan, 1.0), dice.integers(1, 10**6, 500).astype(float), 3)
    assert Sketch.decode(whole.encode()) == whole
