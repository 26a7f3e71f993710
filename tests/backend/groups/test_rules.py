"""Splits: what is sound, and who answers which bucket."""

from itertools import pairwise
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from backend.groups.rules import BUCKETS, after_promotion, allocate, problems
from schemas.groups import BucketRange, MemberRole, MemberSpec

CUTS = st.lists(st.integers(0, BUCKETS), min_size=1, max_size=5)


def shares_of(cuts: list[int]) -> list[int]:
    edges = [0, *sorted(cuts), BUCKETS]
    return [high - low for low, high in pairwise(edges)]


def owners(ranges: dict[UUID, list[BucketRange]]) -> dict[int, UUID]:
    return {bucket: version for version, spans in ranges.items() for span in spans for bucket in range(span.start, span.end)}


@given(CUTS, CUTS)
def test_every_bucket_has_one_owner_and_only_the_share_that_changes_hands_moves(first: list[int], second: list[int]) -> None:
    versions = [uuid4() for _ in range(6)]
    before = allocate({}, dict(zip(versions, shares_of(first), strict=False)))
    wanted = dict(zip(versions, shares_of(second), strict=False))
    after = allocate(before, wanted)
    was, now = owners(before), owners(after)
    assert len(now) == BUCKETS
    assert {version: sum(span.end - span.start for span in spans) for version, spans in after.items()} == wanted
    given_up = sum(max(0, sum(span.end - span.start for span in spans) - wanted.get(version, 0)) for version, spans in before.items())
    assert sum(was[bucket] != now[bucket] for bucket in now) == given_up


def member(role: MemberRole, share: int, version: UUID | None = None) -> MemberSpec:
    return MemberSpec(version_id=version or uuid4(), role=role, share=share)


def test_a_sound_split_has_no_problems() -> None:
    assert problems([member(MemberRole.CHAMPION, 9_000), member(MemberRole.CHALLENGER, 1_000), member(MemberRole.SHADOW, 0)]) == []
    assert problems([member(MemberRole.CHAMPION, BUCKETS)]) == []


def test_each_problem_is_pointed_at() -> None:
    twice = uuid4()
    members = [member(MemberRole.CHALLENGER, 5_000, twice), member(MemberRole.SHADOW, 10), member(MemberRole.CHALLENGER, 5_000, twice)]
    assert [issue.pointer for issue in problems(members)] == ["/members", "/members/1/share", "/members/2/version_id", "/members"]


def test_a_promotion_gives_the_new_champion_all_and_keeps_shadows() -> None:
    old, new, shadow = uuid4(), uuid4(), uuid4()
    current = [member(MemberRole.CHAMPION, 9_000, old), member(MemberRole.CHALLENGER, 1_000, new), member(MemberRole.SHADOW, 0, shadow)]
    assert [(m.version_id, m.role, m.share) for m in after_promotion(current, new, None)] == [
        (new, MemberRole.CHAMPION, BUCKETS),
        (shadow, MemberRole.SHADOW, 0),
    ]
    kept = after_promotion(current, new, 500)
    assert [(m.version_id, m.share) for m in kept] == [(new, 9_500), (old, 500), (shadow, 0)]
    assert problems(kept) == []
