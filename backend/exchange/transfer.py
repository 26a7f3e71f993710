"""Export and import of logs in other platforms' layouts, page by page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.actor import Actor
from backend.decisions import early as decisions
from backend.exchange import actions
from backend.exchange.errors import LogTooCostly
from backend.exchange.formats import lines_of
from backend.exchange.told_rows import ToldRow, ToldRows, told_rows
from backend.groups import service as groups
from backend.groups.events import GROUP_CHANGED
from backend.hub import Hub
from backend.inference_log import imported_rows, pages
from backend.limited_process import ChildEnded, LimitedProcess
from backend.outcomes.early_outcomes import apply_waiting
from backend.outcomes.rules import KnownTruth
from backend.reader_threads import aside, one_process
from backend.work.unit import UnitOfWork
from schemas.groups import Group, GroupRef
from schemas.log import ExportedLog, ExportLog, ImportedLog, ImportLog, LineRefused

NOBODY = UUID(int=0)
"""The version of an imported row if the row's version is none of the group's."""
SMALL_CHARACTERS = 256 * 1024
"""Characters. Up to this size a thread of this process reads the lines."""
BYTES_EACH = 60
"""Bytes of the child's address space per character of the lines."""


async def export(work: UnitOfWork, input: ExportLog) -> ExportedLog:
    """Return a page of a group's log in a layout, oldest first, without erased rows. Raises GroupNotFound, Invalid."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    rows = await pages.read(work, group.table_name, input.cursor, input.limit, input.after, input.before)
    lines = [line.decode() for row in rows if row["erased_at"] is None for line in lines_of(input.layout, group.slug, row)]
    what = {"layout": input.layout, "rows": len(rows), "after": input.cursor}
    work.audit_read(actions.INFERENCE_EXPORT_LOG, f"group:{group.slug}", what, once=False)
    return ExportedLog(lines=lines, next_cursor=str(rows[-1]["inference_id"]) if len(rows) == input.limit else None)


async def import_lines(hub: Hub, actor: Actor, input: ImportLog) -> ImportedLog:
    """Store inferences of another platform, marked as such and in no phase, so that no comparison includes them. The same again is kept once.

    A line that cannot be kept is refused with its reason and keeps no other. Outcomes told before are applied. Raises GroupNotFound, LogTooCostly.
    """
    async with hub.work(actor, read_only=True) as work:
        await groups.get(work, GroupRef(slug=input.slug))
        now = work.now
    async with one_process():
        told = await aside(_read, input, now)
    async with hub.work(actor) as work:
        return await _keep(work, input, told)


def _read(input: ImportLog, now: datetime) -> ToldRows:
    """Return the rows of the lines; a limited process reads many lines."""
    if sum(map(len, input.lines)) <= SMALL_CHARACTERS:
        return told_rows(input.layout, input.lines, now)
    try:
        with LimitedProcess([told_rows.__module__], BYTES_EACH * sum(map(len, input.lines))) as child:
            return child.ask(told_rows, input.layout, input.lines, now)
    except ChildEnded:
        raise LogTooCostly from None


async def _keep(work: UnitOfWork, input: ImportLog, told: ToldRows) -> ImportedLog:
    group = await groups.get(work, GroupRef(slug=input.slug))
    wrong = list(told.wrong)
    made = {one.inference_id: one for one in told.rows}
    versions = await _versions(work, group)
    rows = [_row(one, input.layout, versions, work) for _, one in sorted(made.items())]
    new, untaken = await imported_rows.insert(work, group.id, group.table_name, rows)
    wrong += [(made[identifier].line, why) for identifier, why in untaken]
    await _apply_waiting(work, group, [row for row in rows if row["inference_id"] in new])
    known = len(made) - len(new) - len(untaken)
    work.audit(actions.INFERENCE_IMPORT_LOG, f"group:{group.slug}", after={"layout": input.layout, "rows": len(new), "known": known, "refused": len(wrong)})
    work.live(GROUP_CHANGED, group.slug)
    refused = [LineRefused(line=at, reason=why) for at, why in sorted(wrong)[:100]]
    return ImportedLog(rows=len(new), known=known, refused=refused, refused_total=len(wrong))


async def _apply_waiting(work: UnitOfWork, group: Group, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        brought = {row["inference_id"]: KnownTruth(actual=row["actual"], at=row["actual_at"]) for row in rows if row["actual"] is not None}
        arrived = [(row["inference_id"], row["correlation_id"], None) for row in rows]
        await apply_waiting(work, group.id, group.table_name, arrived, brought)
        await decisions.apply_waiting(work, group.id, group.table_name, arrived)


async def _versions(work: UnitOfWork, group: Group) -> dict[str, UUID]:
    """Return the group's versions of all phases, by label."""
    phases = await groups.list_phases(work, GroupRef(slug=group.slug))
    return {member.label: member.version_id for phase in phases for member in phase.members}


def _row(one: ToldRow, layout: str, versions: dict[str, UUID], work: UnitOfWork) -> dict[str, Any]:
    said = one.version or "unknown"
    return {
        "inference_id": one.inference_id,
        "requested_at": one.at,
        "model_version_id": versions.get(said, versions.get(f"v{said}", NOBODY)),
        "version": said,
        "role": one.role,
        "entity_key": one.entity_key,
        "correlation_id": one.correlation_id,
        "caller": one.caller or f"import by {work.actor.name}",
        "inputs": one.inputs,
        "output": None if one.score is None else msgspec.json.encode({"score": one.score}).decode(),
        "score": one.score,
        "label": one.label,
        "explained_at": work.now,
        "latency_us": one.latency_us,
        "status": "failed" if one.failed else "ok",
        "actual": one.actual,
        "actual_at": None if one.actual is None else one.at,
        "imported_from": layout,
    }
