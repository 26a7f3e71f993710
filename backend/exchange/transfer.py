"""Logs to and from other platforms' layouts, page by page."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.exc import DBAPIError

from backend.errors import Invalid
from backend.exchange import actions, repository
from backend.exchange.formats import Foreign, lines_of, read
from backend.groups import service as groups
from backend.groups.events import GROUP_CHANGED
from backend.ids import first_id_at, moment_of
from backend.inference_log import outcome_lock
from backend.inference_log import queries as log_queries
from backend.outcomes.early import apply_waiting
from backend.outcomes.rules import KnownTruth
from backend.work.unit import UnitOfWork
from schemas.common import Issue
from schemas.groups import Group, GroupRef
from schemas.log import ExportedLog, ExportLog, ImportedLog, ImportLog, LineRefused

NOBODY = UUID(int=0)
"""The version of an imported row whose own is none of the group's."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
OF_A_ROW = ("22", "23", "54")
"""The classes of PostgreSQL's errors that are about a value, a constraint or a limit, and so about one row."""
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
    what = {"layout": input.layout, "rows": len(rows), "after": input.cursor}
    work.audit_read(actions.INFERENCE_EXPORT_LOG, f"group:{group.slug}", what, once=False)
    return ExportedLog(lines=lines, next_cursor=str(rows[-1].inference_id) if len(rows) == input.limit else None)


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
    await outcome_lock.before_rows(work, group.id)
    for moment in _weeks(made):
        await repository.add_partitions(work.session, group.id, moment)
    new, untaken = await _insert(work, group.table_name, rows)
    wrong += [(made[identifier].line, why) for identifier, why in untaken]
    await _apply_waiting(work, group, [row for row in rows if row["inference_id"] in new])
    known = len(made) - len(new) - len(untaken)
    work.audit(actions.INFERENCE_IMPORT_LOG, f"group:{group.slug}", after={"layout": input.layout, "rows": len(new), "known": known, "refused": len(wrong)})
    work.live(GROUP_CHANGED, group.slug)
    refused = [LineRefused(line=at, reason=why) for at, why in sorted(wrong)[:100]]
    return ImportedLog(rows=len(new), known=known, refused=refused, refused_total=len(wrong))


def _weeks(ids: Iterable[UUID]) -> list[datetime]:
    """A moment of each week that ids are of: their partitions go by the ids."""
    moments = map(moment_of, ids)
    return sorted({at.date() - timedelta(days=at.weekday()): at for at in moments}.values())


async def _insert(work: UnitOfWork, table: str, rows: Sequence[dict[str, Any]]) -> tuple[set[UUID], list[tuple[UUID, str]]]:
    """Write rows; which were new, and which PostgreSQL does not take, and why: rows that hold one are halved until it is alone."""
    if not rows:
        return set(), []
    try:
        async with work.session.begin_nested():
            return set(await repository.insert(work.session, table, rows)), []
    except DBAPIError as error:
        if str(getattr(error.orig, "sqlstate", None))[:2] not in OF_A_ROW:
            raise
        if len(rows) == 1:
            return set(), [(rows[0]["inference_id"], _why(error))]
    middle = len(rows) // 2
    first, second = await _insert(work, table, rows[:middle]), await _insert(work, table, rows[middle:])
    return first[0] | second[0], first[1] + second[1]


def _why(error: DBAPIError) -> str:
    """PostgreSQL's own words, without the driver's."""
    said = str(error.orig).partition(">: ")
    return f"the database does not take it: {said[2] or said[0]}"[:300]


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
        return f"{one.at:%Y-%m-%d} is no time of an inference"
    if not first_id_at(EARLIEST) <= one.inference_id <= first_id_at(latest):
        return f"the id {one.inference_id} is of no time of an inference"
    try:
        inputs = msgspec.json.encode(one.inputs)
    except (RecursionError, TypeError, ValueError, OverflowError):
        return "the inputs hold a value that JSON cannot write, or are nested too deeply"
    return "a NUL character cannot be kept" if b"\\u0000" in inputs else None
