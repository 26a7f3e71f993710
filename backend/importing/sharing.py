"""A tenant's choice of what language models see in imports: its level, stricter ones for single connectors, and the person who agreed."""

from typing import Final
from uuid import UUID

from backend.importing import actions, repository
from backend.importing.tables import SharingRow
from backend.work.unit import UnitOfWork
from schemas.import_sharing import ImportSharing, SetImportSharing, Shows

_ORDER: Final = (Shows.VOCABULARY, Shows.KEYS, Shows.FILE)


async def sharing(work: UnitOfWork) -> ImportSharing:
    """Return the tenant's choice; `keys` by default."""
    row = await repository.sharing(work.session, work.tenant_id)
    return _shape(row) if row else ImportSharing()


async def set_sharing(work: UnitOfWork, input: SetImportSharing) -> ImportSharing:
    """Set what language models see. The person has read the explanation, so this counts as agreement."""
    before = await sharing(work)
    stricter = {str(connector): level for connector, level in input.stricter.items()}
    await _store(work, input.shows, input.short_words, stricter)
    after = await sharing(work)
    work.audit(actions.IMPORTS_SET_SHARING, "imports", before=before, after=after)
    return after


async def agree(work: UnitOfWork) -> None:
    """Record, once, that a person has seen what leaves the hub."""
    now = await sharing(work)
    if now.agreed_by is None:
        await _store(work, now.shows, now.short_words, {str(connector): level for connector, level in now.stricter.items()})
        work.audit(actions.IMPORTS_SET_SHARING, "imports", before=now, after=await sharing(work))


async def _store(work: UnitOfWork, shows: Shows, short_words: bool, stricter: dict[str, Shows]) -> None:
    row = await repository.sharing(work.session, work.tenant_id)
    if row is None:
        row = SharingRow(tenant_id=work.tenant_id)
        work.session.add(row)
    row.shows, row.short_words, row.stricter = shows, short_words, dict(stricter)
    row.agreed_by, row.agreed_at = work.actor.name, work.now
    await work.session.flush()


def level_for(sharing: ImportSharing, connector_id: UUID) -> Shows:
    """Return the level for a connector: the tenant's, or the connector's own if it is stricter."""
    return min(sharing.shows, sharing.stricter.get(connector_id, Shows.FILE), key=_ORDER.index)


def _shape(row: SharingRow) -> ImportSharing:
    return ImportSharing(
        shows=Shows(row.shows),
        short_words=row.short_words,
        stricter={UUID(connector): Shows(level) for connector, level in row.stricter.items()},
        agreed_by=row.agreed_by,
        agreed_at=row.agreed_at,
    )
