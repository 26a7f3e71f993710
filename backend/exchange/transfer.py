"""Logs to and from other platforms' layouts, page by page."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from backend.exchange import actions
from backend.exchange.formats import Foreign, lines_of, read
from backend.groups import service as groups
from backend.groups.events import GROUP_CHANGED
from backend.ids import first_id_at
from backend.inference_log import imported_rows, pages
from backend.outcomes.early import apply_waiting
from backend.outcomes.rules import KnownTruth
from backend.work.unit import UnitOfWork
from schemas.groups import Group, GroupRef
from schemas.log import ExportedLog, ExportLog, ImportedLog, ImportLog, LineRefused

NOBODY = UUID(int=0)
"""The version of an imported row whose own is none of the group's."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
ROLES = ("champion", "challenger", "shadow")


async def export(work: UnitOfWork, input: ExportLog) -> ExportedLog:
    """A page of a group's log in a layout, oldest first, without rows that were erased. Raises GroupNotFound, Invalid."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    rows = await pages.read(work, group.table_name, input.cursor, input.limit, input.after, input.before)
    lines = [line.decode() for row in rows if row["erased_at"] is None for line in lines_of(input.layout, group.slug, row)]
    what = {"layout": input.layout, "rows": len(rows), "after": input.cursor}
    work.audit_read(actions.INFERENCE_EXPORT_LOG, f"group:{group.slug}", what, once=False)
    return ExportedLog(lines=lines, next_cursor=str(rows[-1]["inference_id"]) if len(rows) == input.limit else None)


async def import_lines(work: UnitOfWork, input: ImportLog) -> ImportedLog:
    """Keep inferences that another platform made, marked as such and in no phase, so that no comparison takes them in. The same again is kept once.

    A line that cannot be kept is refused with its reason and keeps no other. Outcomes told before are applied. Raises GroupNotFound.
    """
    group = await groups.get(work, GroupRef(slug=input.slug))
    found, wrong = read(input.layout, (line.encode() for line in input.lines))
    wrong += [(one.line, why) for one in found if (why := _trouble(one, work.now))]
    refused_lines = {line for line, _ in wrong}
    made = {one.inference_id: one for one in found if one.line not in refused_lines}
    versions = await _versions(work, group)
    rows = [_row(identifier, one, input.layout, versions, work) for identifier, one in sorted(made.items())]
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
        await apply_waiting(work, group.id, group.table_name, [(row["inference_id"], row["correlation_id"], None) for row in rows], brought)


async def _versions(work: UnitOfWork, group: Group) -> dict[str, UUID]:
    """The group's versions, of all its phases, by label."""
    phases = await groups.list_phases(work, GroupRef(slug=group.slug))
    return {member.label: member.version_id for phase in phases for member in phase.members}


def _row(identifier: UUID, one: Foreign, layout: str, versions: dict[str, UUID], work: UnitOfWork) -> dict[str, Any]:
    extras = one.extras
    said = _kept(extras.get("version")) or "unknown"
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
    latest = now + timedelta(hours=1)
    if not (one.at.year >= 2000 and one.at <= latest):
        return f"the time is {one.at:%Y-%m-%d}; it must be between 2000 and an hour from now"
    if not first_id_at(EARLIEST) <= one.inference_id <= first_id_at(latest):
        return f"the id is {one.inference_id}, of no time of an inference; a UUID of version 7 must be of a time between 2000 and an hour from now"
    try:
        inputs = msgspec.json.encode(one.inputs)
    except (RecursionError, TypeError, ValueError, OverflowError):
        return "the inputs hold a value that JSON cannot write, or are nested too deeply; each must be a text, a number of at most 64 bits, true, false or null"
    return "the inputs hold a NUL character, which cannot be kept; texts must be without" if b"\\u0000" in inputs else None
