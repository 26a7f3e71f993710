"""Reads a group's log."""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Row

from backend.errors import Invalid
from backend.groups import service as groups
from backend.inference_log import actions, pages
from backend.inference_log import queries as log_queries
from backend.inference_log.errors import InferenceNotFound
from backend.inference_log.queries import Lacking
from backend.work.unit import UnitOfWork
from schemas.common import Issue, Page
from schemas.groups import GroupRef
from schemas.inference import BrowseInferences, Explanation, Inference, InferenceRef, InferenceSummary

LACKING_SPAN = timedelta(days=7)
LACKING_MOST = 20_000
"""Latest requests to sample: enough to describe all, and quick to read."""


async def browse(work: UnitOfWork, input: BrowseInferences) -> Page[InferenceSummary]:
    """Return a page of a group's log, newest first. The cursor is the last id shown. Raises GroupNotFound."""
    cursor = pages.id_of(input.cursor)
    _check(input)
    group = await groups.get(work, GroupRef(slug=input.slug))
    rows = await log_queries.browse(work.session, group.table_name, input, cursor)
    work.audit_read(actions.INFERENCE_BROWSE, f"group:{group.slug}")
    items = [InferenceSummary(**row._mapping) for row in rows[: input.limit]]
    return Page(items=items, next_cursor=str(items[-1].inference_id) if len(rows) > input.limit else None)


async def get(work: UnitOfWork, input: InferenceRef) -> Inference:
    """Return one inference, complete. Raises GroupNotFound, InferenceNotFound."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    row = await log_queries.one(work.session, group.table_name, input.inference_id)
    if row is None:
        raise InferenceNotFound
    work.audit_read(actions.INFERENCE_GET, f"inference:{input.inference_id}", {"group": group.slug})
    return _inference(row)


def _check(input: BrowseInferences) -> None:
    texts = {name: getattr(input, name) for name in ("search", "version", "role", "decision")}
    issues = [Issue(pointer=f"/{name}", message="no log contains a NUL character") for name, said in texts.items() if said and "\x00" in said]
    moments = {"after": input.after, "before": input.before}
    issues += [
        Issue(pointer=f"/{name}", message="the time needs a zone, such as Z for UTC") for name, moment in moments.items() if moment and moment.tzinfo is None
    ]
    if input.phase is not None and not 0 <= input.phase < 2**31:
        issues.append(Issue(pointer="/phase", message="no phase has this number"))
    scores = {"min_score": input.min_score, "max_score": input.max_score}
    issues += [Issue(pointer=f"/{name}", message="a finite number is expected here") for name, score in scores.items() if score and not math.isfinite(score)]
    if issues:
        raise Invalid("These filters cannot be used. Correct the fields named in `issues`.", issues=issues)


def _inference(row: Row[Any]) -> Inference:
    values = dict(row._mapping)
    values["explanation"] = msgspec.convert(values["explanation"], Explanation, strict=False) if values["explanation"] else None
    return Inference(**values)


async def lacking_requests(work: UnitOfWork, table: str, required: Sequence[str]) -> Lacking:
    """Return the latest requests, at most 20,000 of the last week, that lack a required feature."""
    return await log_queries.lacking(work.session, table, work.now - LACKING_SPAN, required, LACKING_MOST)
