"""The requests to a group, and their results."""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from backend.catalog import service as catalog
from backend.groups import service as groups
from backend.inference_log import traffic as log_traffic
from backend.serving import stale_repository
from backend.serving.prepare import NOT_CHOSEN
from backend.serving.refusals import latest, refused, refused_by_reason
from backend.serving.shadows.misses import DROPPED, INCOMPLETE, missed
from backend.work.unit import UnitOfWork
from schemas.catalog import VersionRef
from schemas.groups import Group, GroupRef
from schemas.inference import GroupTraffic, IgnoredInput, ShadowTraffic, Starved, TrafficMinute

MINUTES = 60
MOST_NAMES = 20
LATEST = 1_000
"""Number of latest requests that are checked for inputs that no version takes."""


async def traffic(work: UnitOfWork, input: GroupRef) -> GroupTraffic:
    """Return the traffic of a group's endpoint. Raises GroupNotFound."""
    group = await groups.get(work, input)
    total = await log_traffic.totals(work, group.table_name)
    this_minute = work.now.replace(second=0, microsecond=0)
    first = this_minute - timedelta(minutes=MINUTES - 1)
    counts: OrderedDict[Any, dict[str, int]] = OrderedDict((first + timedelta(minutes=at), {}) for at in range(MINUTES))
    labels: dict[str, str] = {}
    for row in await log_traffic.minutes(work, group.table_name, first):
        counts.setdefault(row.minute, {})[str(row.version_id)] = row.predictions
        labels[str(row.version_id)] = row.version
    passed_over = await log_traffic.passed_over(work, group.table_name, group.phase.number, group.phase.opened_at, NOT_CHOSEN)
    ignored = await log_traffic.unread(work, group.table_name, await _names(work, group), LATEST) if _ignores(group) else []
    unscored = await missed(work.hub, group.id)
    return GroupTraffic(
        total=total.total,
        labelled=total.labelled,
        refused=await refused(work.hub, group.id),
        refusals=await latest(work.hub, group.id),
        refused_by_reason=await refused_by_reason(work.hub, group.id),
        starved=starved_of([(row.version, row.lacks, row.requests) for row in passed_over]),
        ignored=[IgnoredInput(name=name, requests=requests) for name, requests in ignored],
        waiting_explanation=total.waiting_explanation,
        stale_answers=await stale_repository.count_stale(work.session, work.tenant_id, group.id),
        shadows=ShadowTraffic(scored=total.shadow_scored, failed=total.shadow_failed, dropped=unscored[DROPPED], incomplete=unscored[INCOMPLETE]),
        labels=labels,
        minutes=[TrafficMinute(at=at, counts=by_version) for at, by_version in counts.items()],
    )


def _ignores(group: Group) -> bool:
    return group.settings.unknown_inputs == "ignore"


async def _names(work: UnitOfWork, group: Group) -> list[str]:
    """Return every feature that a version of the group takes."""
    versions = [await catalog.get_version(work, VersionRef(version_id=member.version_id)) for member in group.phase.members]
    return sorted({name for version in versions if version.artifact for name in version.artifact.features})


def starved_of(rows: Sequence[tuple[str, str, int]]) -> list[Starved]:
    """Return each challenger that requests did not reach, from rows of version, what they lacked ("a, b"), and how many.

    >>> [one] = starved_of([("v1.3", "age, income", 2), ("v1.3", "income", 3)])
    >>> one.requests, one.lacks
    (5, ['income', 'age'])
    """
    requests: Counter[str] = Counter()
    names: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for version, lacks, count in rows:
        requests[version] += count
        names[version].update(dict.fromkeys(lacks.split(", "), count))
    return [Starved(version=version, requests=count, lacks=[name for name, _ in names[version].most_common(MOST_NAMES)]) for version, count in requests.items()]
