"""Looking into a group's log."""

import math
from collections import OrderedDict
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Row

from backend.errors import Invalid
from backend.groups import service as groups
from backend.inference import log_queries, replays_repository
from backend.inference.errors import InferenceNotFound
from backend.inference.missed import DROPPED, INCOMPLETE, missed
from backend.inference.refusals import latest, refused
from backend.work import UnitOfWork
from schemas.common import Issue, Page
from schemas.groups import GroupRef
from schemas.inference import BrowseInferences, Explanation, GroupTraffic, Inference, InferenceRef, InferenceSummary, ShadowTraffic, TrafficMinute

MINUTES = 60


async def browse(work: UnitOfWork, input: BrowseInferences) -> Page[InferenceSummary]:
    """A page of a group's log, newest first; the cursor is the last id shown. Raises GroupNotFound."""
    cursor = log_queries.as_uuid(input.cursor) if input.cursor else None
    if input.cursor and cursor is None:
        raise Invalid("This cursor is not one that a page ended with.", issues=[Issue(pointer="/cursor", message="not a cursor")])
    _check(input)
    group = await groups.get(work, GroupRef(slug=input.slug))
    rows = await log_queries.browse(work.session, group.table_name, input, cursor)
    items = [InferenceSummary(**row._mapping) for row in rows[: input.limit]]
    return Page(items=items, next_cursor=str(items[-1].inference_id) if len(rows) > input.limit else None)


async def get(work: UnitOfWork, input: InferenceRef) -> Inference:
    """One inference, whole. Raises GroupNotFound, InferenceNotFound."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    row = await log_queries.one(work.session, group.table_name, input.inference_id)
    if row is None:
        raise InferenceNotFound
    return _inference(row)


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
        stale_answers=await replays_repository.count_stale(work.session, work.tenant_id, group.id),
        shadows=ShadowTraffic(scored=total.shadow_scored, failed=total.shadow_failed, dropped=unscored[DROPPED], incomplete=unscored[INCOMPLETE]),
        labels=labels,
        minutes=[TrafficMinute(at=at, counts=by_version) for at, by_version in counts.items()],
    )


def _check(input: BrowseInferences) -> None:
    texts = {name: getattr(input, name) for name in ("search", "version", "role")}
    issues = [Issue(pointer=f"/{name}", message="a NUL character is in no log") for name, said in texts.items() if said and "\x00" in said]
    moments = {"after": input.after, "before": input.before}
    issues += [Issue(pointer=f"/{name}", message="the moment needs its zone") for name, moment in moments.items() if moment and moment.tzinfo is None]
    if input.phase is not None and not 0 <= input.phase < 2**31:
        issues.append(Issue(pointer="/phase", message="no phase has this number"))
    scores = {"min_score": input.min_score, "max_score": input.max_score}
    issues += [Issue(pointer=f"/{name}", message="a finite number is expected here") for name, score in scores.items() if score and not math.isfinite(score)]
    if issues:
        raise Invalid("These filters cannot be used.", issues=issues)


def _inference(row: Row[Any]) -> Inference:
    values = dict(row._mapping)
    values["explanation"] = msgspec.convert(values["explanation"], Explanation, strict=False) if values["explanation"] else None
    return Inference(**values)
