"""Snapshots of a group's inference log with its outcomes: rows of archived weeks first, then those of the log."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from backend.actor import Actor
from backend.catalog import service as catalog
from backend.datasets import service
from backend.datasets.errors import ColumnsUnclear
from backend.groups import service as groups
from backend.groups.phases import specs_of
from backend.hub import Hub
from backend.inference_log import pages
from backend.inference_log.archives.erasure import Archived, archives_in
from backend.inference_log.archives.manifest import folder_of
from backend.work.unit import UnitOfWork
from schemas.columns import ColumnRole
from schemas.common import Issue
from schemas.datasets import ColumnChoice, DatasetKind, FromLog, Snapshot
from schemas.groups import GroupRef

PAGE = 5_000
ANSWERING = ("champion", "challenger")
OWN: dict[str, ColumnRole] = {
    "outcome": "target",
    "requested_at": "timestamp",
    "entity_key": "entity",
    "score": "ignore",
    "decision": "ignore",
    "final_decision": "ignore",
    "version": "ignore",
    "role": "ignore",
    "phase": "ignore",
}
"""The log's own columns. What the model itself said must not train its successor, so it is ignored unless you choose otherwise."""


async def ask(work: UnitOfWork, input: FromLog) -> Snapshot:
    """Ask for a snapshot of a group's log. Raises DatasetNotFound, WrongKind, GroupNotFound, ColumnsUnclear."""
    dataset = await service.find(work, input.slug, lock=True, kinds=(DatasetKind.INFERENCE_LOG,))
    group = await groups.get(work, GroupRef(slug=input.group))
    until = min(input.until or work.now, work.now - timedelta(days=input.mature_days))
    if input.since is not None and input.since >= until:
        said = "the window is empty: it begins after its end, or all its requests are too young"
        raise ColumnsUnclear(f"No request can be in this window: {said}.", issues=[Issue(pointer="/since", message=said)])
    source: dict[str, Any] = {
        "kind": "inference_log",
        "group": group.slug,
        "group_id": str(group.id),
        "table": group.table_name,
        "since": input.since.isoformat() if input.since else None,
        "until": until.isoformat(),
        "phases": list(input.phases),
        "roles": [str(role) for role in input.roles or ANSWERING],
        "mature_days": input.mature_days,
    }
    return await service.add_snapshot(work, dataset, source, await _choices(work, input, [member.version_id for member in specs_of(group)]))


async def _choices(work: UnitOfWork, input: FromLog, version_ids: list[UUID]) -> list[ColumnChoice]:
    """Types from the models' signatures, roles from the log's columns; the caller's choices overrule both."""
    choices: dict[str, ColumnChoice] = {}
    for version_id in version_ids:
        version, _ = await catalog.find_version(work, version_id)
        for feature in version.document.get("features", []):
            name = _input_name(feature["name"])
            choices.setdefault(name, ColumnChoice(name=name, type=feature.get("type", "number")))
    choices["requested_at"] = ColumnChoice(name="requested_at", type="timestamp", role="timestamp")
    choices["outcome"] = ColumnChoice(name="outcome", type="number", role="target")
    choices["entity_key"] = ColumnChoice(name="entity_key", type="text", role="entity")
    return list((choices | {choice.name: choice for choice in input.columns}).values())


async def read(hub: Hub, actor: Actor, source: dict[str, Any], seen: dict[str, None]) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield pages of rows. `seen` collects the columns' names."""
    archived: set[bytes] = set()
    folder = folder_of(UUID(source["group_id"]))
    for one in await asyncio.to_thread(archives_in, hub.files, folder):
        batches = _archived(hub, one)
        while (batch := await asyncio.to_thread(next, batches, None)) is not None:
            archived |= {UUID(str(row["inference_id"])).bytes for row in batch}
            yield _kept(batch, source, seen)
    cursor: str | None = None
    since, until = _moment(source["since"]), _moment(source["until"])
    while True:
        async with hub.work(actor, read_only=True) as work:
            page = await pages.read(work, source["table"], cursor, PAGE, since, until)
        if not page:
            return
        cursor = str(page[-1]["inference_id"])
        yield _kept([row for row in page if row["inference_id"].bytes not in archived], source, seen)


def _archived(hub: Hub, one: Archived) -> Iterator[list[dict[str, Any]]]:
    import pyarrow.parquet as pq  # noqa: PLC0415  heavy, and only a worker needs it

    with hub.files.open(one.name, one.sha256) as path:
        for batch in pq.ParquetFile(path).iter_batches(PAGE):
            yield batch.to_pylist()


def _kept(rows: list[dict[str, Any]], source: dict[str, Any], seen: dict[str, None]) -> list[dict[str, Any]]:
    """The rows of the window with a mature outcome, as rows of the dataset."""
    since, until = _moment(source["since"]), _moment(source["until"])
    found = []
    for row in rows:
        inside = row["requested_at"] < until and (since is None or row["requested_at"] >= since)
        chosen = row["role"] in source["roles"] and (not source["phases"] or row["phase"] in source["phases"])
        if inside and chosen and row["status"] == "ok" and row["actual"] is not None and row["erased_at"] is None:
            found.append(_row(row))
            seen |= dict.fromkeys(found[-1])
    return found


def _row(row: dict[str, Any]) -> dict[str, Any]:
    inputs = row["inputs"] if isinstance(row["inputs"], dict) else msgspec.json.decode(row["inputs"] or "{}")
    own = {name: row.get("actual" if name == "outcome" else name) for name in OWN}
    return {**{_input_name(name): value for name, value in inputs.items()}, **own}


def settled(choices: list[ColumnChoice], seen: dict[str, None]) -> list[ColumnChoice]:
    """The choices for the columns that the rows have; the log's own columns have their roles by default."""
    chosen = {choice.name: choice for choice in choices}
    types = {"score": "number", "phase": "integer"}
    own = {name: ColumnChoice(name=name, type=types.get(name, "text"), role=role) for name, role in OWN.items() if name in seen}  # type: ignore[arg-type]
    return [choice for name, choice in (own | chosen).items() if name in seen]


def _input_name(name: str) -> str:
    """An input may be called as a column of the log."""
    return f"input_{name}" if name in OWN else name


def _moment(said: str | None) -> Any:
    return datetime.fromisoformat(said) if said else None
