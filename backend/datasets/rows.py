"""Decision logs: rows appended one after another, idempotent by key, and sealed into snapshots."""

from backend.datasets import repository, service
from backend.datasets.errors import ColumnsUnclear, KeyReused
from backend.datasets.events import DATASET_CHANGED
from backend.datasets.uploads import one_of_each
from backend.work.unit import UnitOfWork
from schemas.common import Issue
from schemas.datasets import AppendReceipt, AppendRows, ColumnChoice, DatasetKind, Derive, SealRows, Snapshot

LOGS = (DatasetKind.DECISION_LOG,)


async def append(work: UnitOfWork, input: AppendRows) -> AppendReceipt:
    """Append rows in their order. The same key with the same values counts as known. Raises DatasetNotFound, WrongKind, KeyReused; nothing is then appended."""
    dataset = await service.find(work, input.slug, kinds=LOGS)
    given = {row.key: row.values for row in input.rows}
    again = [at for at, row in enumerate(input.rows) if given[row.key] != row.values]
    inserted = await repository.append(
        work.session,
        [
            {"tenant_id": work.tenant_id, "dataset_id": dataset.id, "key": key, "values": values, "received_at": work.now, "received_by": work.actor.name}
            for key, values in given.items()
        ],
    )
    known = await repository.rows_by_key(work.session, work.tenant_id, dataset.id, [key for key in given if key not in inserted])
    again += [at for at, row in enumerate(input.rows) if row.key in known and known[row.key] != row.values]
    if again:
        issues = [Issue(pointer=f"/rows/{at}/key", message=f"the key {input.rows[at].key!r} has other values already") for at in sorted(set(again))]
        raise KeyReused(f"{len(issues)} keys were appended before with other values. Nothing was appended. Use new keys.", issues=issues[:100])
    waiting = await repository.waiting(work.session, work.tenant_id)
    work.live(DATASET_CHANGED, input.slug)
    return AppendReceipt(appended=len(inserted), known=len(input.rows) - len(inserted), waiting=waiting.get(dataset.id, 0))


async def seal(work: UnitOfWork, input: SealRows) -> Snapshot:
    """Ask for a snapshot of all rows of a decision log. Raises DatasetNotFound, WrongKind, ColumnsUnclear."""
    dataset = await service.find(work, input.slug, lock=True, kinds=LOGS)
    _refuse_unclear(input.columns)
    last = await repository.last_row(work.session, work.tenant_id, dataset.id)
    if not last:
        raise ColumnsUnclear("The decision log has no rows yet. Append some first.")
    return await service.add_snapshot(work, dataset, {"kind": "decision_log", "dataset_id": str(dataset.id), "last_row": last}, input.columns)


async def derive(work: UnitOfWork, input: Derive) -> Snapshot:
    """Ask for a snapshot of some rows of another. Raises DatasetNotFound, WrongKind, SnapshotNotFound, SnapshotNotReady, ColumnsUnclear."""
    dataset = await service.find(work, input.slug, lock=True, kinds=(DatasetKind.DERIVED,))
    parent = await service.ready_snapshot(work, input.snapshot_id)
    names = {column.name for column in parent.columns}
    asked = [(f"/columns/{at}/name", one.name) for at, one in enumerate(input.columns)]
    asked += [(f"/conditions/{at}/column", one.column) for at, one in enumerate(input.conditions)]
    if issues := [Issue(pointer=pointer, message=f"the snapshot has no column {name!r}") for pointer, name in asked if name not in names]:
        raise ColumnsUnclear(issues=issues)
    chosen = {choice.name: choice for choice in input.columns}
    choices = [chosen.get(one.name) or ColumnChoice(name=one.name, type=one.type, role=one.role) for one in parent.columns]
    _refuse_unclear(choices)
    source = {
        "kind": "derived",
        "snapshot_id": str(parent.id),
        "dataset": parent.slug,
        "number": parent.number,
        "content_hash": parent.content_hash,
        "conditions": [{"column": one.column, "test": one.test, "value": one.value} for one in input.conditions],
        "sample": input.sample,
        "seed": input.seed,
    }
    return await service.add_snapshot(work, dataset, source, choices)


def _refuse_unclear(choices: list[ColumnChoice]) -> None:
    if issues := one_of_each(choices):
        raise ColumnsUnclear(f"The choices do not settle the columns: {issues[0].message}", issues=issues)
