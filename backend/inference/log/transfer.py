"""Logs to and from other platforms' layouts, page by page."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from backend.catalog.rules import label
from backend.errors import Invalid
from backend.groups import service as groups
from backend.ids import first_id_at
from backend.inference import log_queries, repository
from backend.inference.layouts import Foreign, lines_of, read
from backend.inference.log import transfer_repository
from backend.live.rules import GROUP_CHANGED
from backend.work import UnitOfWork
from schemas.common import Issue
from schemas.groups import Group, GroupRef
from schemas.log import ExportedLog, ExportLog, ImportedLog, ImportLog, LineRefused

NOBODY = UUID(int=0)
"""The version of an imported row whose own is none of the group's."""
ROLES = ("champion", "challenger", "shadow")


async def export(work: UnitOfWork, input: ExportLog) -> ExportedLog:
    """A page of a group's log in a layout, oldest first, without rows that were erased. Raises GroupNotFound, Invalid."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    after = log_queries.as_uuid(input.cursor) if input.cursor else None
    if input.cursor and after is None:
        raise Invalid("This cursor is not one that a page ended with.", issues=[Issue(pointer="/cursor", message="not a cursor")])
    bounds = [first_id_at(moment) if moment else None for moment in (input.after, input.before)]
    rows = await log_queries.page_after(work.session, group.table_name, after, input.limit, *bounds)
    lines = [line.decode() for row in rows if row.erased_at is None for line in lines_of(input.layout, group.slug, dict(row._mapping))]
    return ExportedLog(lines=lines, next_cursor=str(rows[-1].inference_id) if len(rows) == input.limit else None)


async def import_lines(work: UnitOfWork, input: ImportLog) -> ImportedLog:
    """Keep inferences that another platform made, marked as such and in no phase, so that no comparison takes them in. The same again is kept once.

    Raises GroupNotFound.
    """
    group = await groups.get(work, GroupRef(slug=input.slug))
    found, wrong = read(input.layout, (line.encode() for line in input.lines))
    refused = [LineRefused(line=at, reason=why) for at, why in wrong]
    made = {one.inference_id: one for one in found if not _trouble(one, work.now)}
    refused += [LineRefused(line=-1, reason=f"{one.source_id[:100]}: {why}") for one in found if (why := _trouble(one, work.now))]
    weeks = {one.at.date() - timedelta(days=one.at.weekday()): one.at for one in made.values()}
    for moment in sorted(weeks.values()):
        await transfer_repository.add_partitions(work.session, group.id, moment)
    versions = await _versions(work, group)
    rows = [_row(identifier, one, input.layout, versions, work) for identifier, one in sorted(made.items())]
    kept = await transfer_repository.insert(work.session, group.table_name, rows) if rows else 0
    said = {"layout": input.layout, "rows": kept, "known": len(made) - kept, "refused": len(refused)}
    work.audit("inference.importLog", f"group:{group.slug}", after=said)
    work.live(GROUP_CHANGED, group.slug)
    return ImportedLog(rows=kept, known=len(made) - kept, refused=refused[:100], refused_total=len(refused))


async def _versions(work: UnitOfWork, group: Group) -> dict[str, UUID]:
    """The group's versions, of all its phases, by label."""
    rows: Sequence[Row[Any]] = await repository.versions_of(work.session, work.tenant_id, group.id)
    return {label(row.version): row.id for row in rows}


def _row(identifier: UUID, one: Foreign, layout: str, versions: dict[str, UUID], work: UnitOfWork) -> dict[str, Any]:
    extras = one.extras
    said = extras.get("version", "unknown")[:200]
    actual = extras.get("actual")
    return {
        "inference_id": identifier,
        "requested_at": one.at,
        "model_version_id": versions.get(said, versions.get(f"v{said}", NOBODY)),
        "version": said,
        "role": extras["role"] if extras.get("role") in ROLES else "champion",
        "entity_key": _kept(extras.get("entity_key")),
        "correlation_id": _kept(extras.get("correlation_id")),
        "caller": _kept(extras.get("caller")) or f"import by {work.actor.name}",
        "inputs": msgspec.json.encode(one.inputs).decode(),
        "output": None if one.score is None else msgspec.json.encode({"score": one.score}).decode(),
        "score": one.score,
        "label": _kept(extras.get("label")),
        "explained_at": work.now,
        "latency_us": None if one.latency_us is None else max(0, min(one.latency_us, 2**31 - 1)),
        "status": "failed" if one.failed else "ok",
        "actual": None if actual is None else float(actual),
        "actual_at": None if actual is None else one.at,
        "imported_from": layout,
    }


def _kept(said: str | None) -> str | None:
    return said.replace("\x00", "")[:200] if said else None


def _trouble(one: Foreign, now: datetime) -> str | None:
    """Why an inference cannot be kept."""
    if not (one.at.year >= 2000 and one.at <= now + timedelta(hours=1)):
        return f"{one.at:%Y-%m-%d} is no time of an inference"
    return "a NUL character cannot be kept" if b"\\u0000" in msgspec.json.encode(one.inputs) else None
