"""Remembered mappings: stored by a shape's fingerprint, used for each file of that shape, revocable."""

from uuid import UUID

import msgspec

from backend.ids import new_id
from backend.importing import actions, repository
from backend.importing.draft_state import DraftState
from backend.importing.errors import MappingNotFound
from backend.importing.tables import MappingRow
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.importing import Decision
from schemas.mapping import ListMappings, MappedBy, MappingRef, MappingRule, SavedMapping


async def list_mappings(work: UnitOfWork, input: ListMappings) -> list[SavedMapping]:
    """Return the tenant's mappings, the latest used first."""
    return [saved(row) for row in await repository.mappings(work.session, work.tenant_id, input.revoked)]


async def revoke(work: UnitOfWork, input: MappingRef) -> SavedMapping:
    """Forget a mapping. Files of its shape are read anew; earlier imports stay. Revoking twice is harmless. Raises MappingNotFound."""
    row = await repository.mapping(work.session, work.tenant_id, input.mapping_id, lock=True)
    if row is None:
        raise MappingNotFound
    before = _told(row)
    _revoke(work, row)
    work.audit(actions.MAPPINGS_REVOKE, f"mapping:{row.id}", before, _told(row))
    return saved(row)


async def find(work: UnitOfWork, fingerprint: str) -> MappingRow | None:
    """Return the mapping for files of this shape, for this slice."""
    return await repository.mapping_for(work.session, work.tenant_id, fingerprint)


async def saved_as(work: UnitOfWork, mapping_id: UUID | None) -> SavedMapping | None:
    """Return the mapping that read a draft."""
    row = await repository.mapping(work.session, work.tenant_id, mapping_id) if mapping_id else None
    return saved(row) if row else None


async def note_use(work: UnitOfWork, mapping_id: UUID) -> None:
    """Record that the mapping read a file."""
    await repository.note_use(work.session, work.tenant_id, mapping_id, work.now)


async def remember(work: UnitOfWork, fingerprint: str, file_name: str, state: DraftState) -> UUID:
    """Store a committed mapping for its shape, in place of the earlier one. The same mapping again is stored once."""
    before = await repository.mapping_for(work.session, work.tenant_id, fingerprint, lock=True)
    rules, decisions = plain(state.rules), plain(state.decisions)
    if before is not None and (before.rules, before.decisions) == (rules, decisions):
        return before.id
    if before is not None:
        _revoke(work, before)
        await work.session.flush()
    row = MappingRow(
        id=new_id(),
        tenant_id=work.tenant_id,
        fingerprint=fingerprint,
        rules=rules,
        mapped_by=state.mapped_by,
        format=state.format,
        file_name=file_name,
        created_by=work.actor.name,
        created_at=work.now,
        times_used=0,
        last_used_at=None,
        revoked_by=None,
        revoked_at=None,
        decisions=decisions,
    )
    work.session.add(row)
    await work.session.flush()
    work.audit(actions.MAPPINGS_REMEMBER, f"mapping:{row.id}", before=_told(before) if before else None, after=_told(row))
    return row.id


def _revoke(work: UnitOfWork, row: MappingRow) -> None:
    if row.revoked_at is None:
        row.revoked_by, row.revoked_at = work.actor.name, work.now


def rules_of_row(row: MappingRow) -> list[MappingRule]:
    """Return a stored mapping's rules, not yet checked. Raises msgspec.ValidationError for rules in another release's form."""
    return msgspec.convert(row.rules, list[MappingRule])


def decisions_of_row(row: MappingRow) -> list[Decision]:
    """Return a person's decisions about files of the shape."""
    return msgspec.convert(row.decisions, list[Decision], strict=False)


def saved(row: MappingRow) -> SavedMapping:
    """Return a mapping as callers see it."""
    return SavedMapping(
        mapping_id=row.id,
        fingerprint=row.fingerprint,
        rules=rules_of_row(row),
        mapped_by=MappedBy(row.mapped_by),
        format=row.format,
        file_name=row.file_name,
        created_by=row.created_by,
        created_at=row.created_at,
        times_used=row.times_used,
        last_used_at=row.last_used_at,
        revoked_by=row.revoked_by,
        revoked_at=row.revoked_at,
    )


def _told(row: MappingRow) -> dict[str, object]:
    """Return the audit entry's content about a mapping: no rules, because they contain a file's keys."""
    return {"fingerprint": row.fingerprint, "rules": len(row.rules), "mapped_by": row.mapped_by, "file_name": row.file_name, "revoked_by": row.revoked_by}
