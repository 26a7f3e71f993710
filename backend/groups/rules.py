"""Pure rules of groups: whether the split is sound, and which version answers which bucket."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from uuid import UUID

from backend.groups.buckets import BUCKETS
from schemas.common import Issue
from schemas.groups import BucketRange, MemberRole, MemberSpec


def problems(members: Sequence[MemberSpec]) -> list[Issue]:
    """Return the problems of a split, by pointer; empty when it is sound."""
    found: list[Issue] = []
    champions = [at for at, member in enumerate(members) if member.role is MemberRole.CHAMPION]
    if len(champions) != 1:
        found.append(Issue(pointer="/members", message=f"a group has exactly one champion, but {len(champions)} are given"))
    seen: set[UUID] = set()
    for at, member in enumerate(members):
        if member.version_id in seen:
            found.append(Issue(pointer=f"/members/{at}/version_id", message="this version is in the group already"))
        seen.add(member.version_id)
        if member.role is MemberRole.SHADOW and member.share:
            found.append(Issue(pointer=f"/members/{at}/share", message="a shadow answers no callers: its share must be 0"))
    total = sum(member.share for member in members)
    if total != BUCKETS:
        found.append(Issue(pointer="/members", message=f"the shares sum to {total}, not {BUCKETS}"))
    return found


def allocate(before: Mapping[UUID, Sequence[BucketRange]], shares: Mapping[UUID, int]) -> dict[UUID, list[BucketRange]]:
    """Assign each bucket to a version. Versions keep their buckets as far as their shares allow; only the rest moves.

    `shares` are basis points that sum to 10 000, so each bucket has one owner.
    """
    owner: list[UUID | None] = [None] * BUCKETS
    open_share = dict(shares)
    for version, ranges in before.items():
        for bucket in (bucket for span in ranges for bucket in range(span.start, span.end)):
            if open_share.get(version, 0):
                owner[bucket] = version
                open_share[version] -= 1
    wanting = (version for version, share in open_share.items() for _ in range(share))
    filled = [(bucket, holder if holder is not None else next(wanting)) for bucket, holder in enumerate(owner)]
    result: dict[UUID, list[BucketRange]] = {version: [] for version in shares}
    for version, run in groupby(filled, key=lambda pair: pair[1]):
        buckets = [bucket for bucket, _ in run]
        result[version].append(BucketRange(start=buckets[0], end=buckets[-1] + 1))
    return result


def after_promotion(current: Sequence[MemberSpec], promoted: UUID, keep_old: int | None) -> list[MemberSpec]:
    """Return the members once `promoted` is champion. It gets all traffic, or all but the old champion's remaining share. Shadows stay."""
    members = [MemberSpec(version_id=promoted, role=MemberRole.CHAMPION, share=BUCKETS - (keep_old or 0))]
    for member in current:
        if member.version_id == promoted:
            continue
        if member.role is MemberRole.CHAMPION and keep_old is not None:
            members.append(MemberSpec(version_id=member.version_id, role=MemberRole.CHALLENGER, share=keep_old))
        elif member.role is MemberRole.SHADOW:
            members.append(member)
    return members
