"""What the callers of a group sent, and what became of it."""

from collections import OrderedDict
from datetime import timedelta
from typing import Any

from backend.groups import service as groups
from backend.inference_log import queries as log_queries
from backend.serving import stale_repository
from backend.serving.refusals import latest, refused
from backend.serving.shadows.misses import DROPPED, INCOMPLETE, missed
from backend.work.unit import UnitOfWork
from schemas.groups import GroupRef
from schemas.inference import GroupTraffic, ShadowTraffic, TrafficMinute

MINUTES = 60


async def traffic(work: UnitOfWork, input: GroupRef) -> GroupTraffic:
    """What a group's endpoint has done. Raises GroupNotFound."""
    group = await groups.get(work, input)
    total = await log_queries.totals(work.session, group.table_name)
    this_minute = work.now.replace(second=0, microsecond=0)
    first = this_minute - timedelta(minutes=MINUTES - 1)
    counts: OrderedDict[Any, dict[str, int]] = OrderedDict((first + timedelta(minutes=at), {}) for at in range(MINUTES))
    labels: dict[str, str] = {}
    for row in await log_queries.minutes(work.session, group.table_name, first):
        counts.setdefault(row.minute, {})[str(row.model_version_id)] = row.predictions
        labels[str(row.model_version_id)] = row.version
    unscored = await missed(work.hub, group.id)
    return GroupTraffic(
        total=total.total,
        labelled=total.labelled,
        refused=await refused(work.hub, group.id),
        refusals=await latest(work.hub, group.id),
        waiting_explanation=total.waiting_explanation,
        stale_answers=await stale_repository.count_stale(work.session, work.tenant_id, group.id),
        shadows=ShadowTraffic(scored=total.shadow_scored, failed=total.shadow_failed, dropped=unscored[DROPPED], incomplete=unscored[INCOMPLETE]),
        labels=labels,
        minutes=[TrafficMinute(at=at, counts=by_version) for at, by_version in counts.items()],
    )
