"""Drafts: stored, updated, shown."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from backend.actor import Actor
from backend.catalog import service as catalog
from backend.catalog.rules import free_version, label
from backend.hub import Hub
from backend.ids import new_id
from backend.importing import actions, reading_steps, remembered_mappings, repository
from backend.importing.draft_state import DraftState, still_open, unsupported
from backend.importing.errors import DraftNotFound
from backend.importing.opened_file import OpenedFile, opened
from backend.importing.reading_steps import ShownFile
from backend.importing.tables import DraftRow
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.importing import ImportDraft, ImportedVersion, ImportPreview, LlmReport

DRAFT_LIFETIME: Final = timedelta(days=1)
"""Time until a draft expires."""
MOST_DRAFTS: Final = 50
"""Most drafts of a tenant; the oldest go first."""


class StoredDraft(msgspec.Struct, frozen=True):
    """A stored draft: its row and its state."""

    row: DraftRow
    state: DraftState


class DraftFile(msgspec.Struct, frozen=True):
    """The open file of a draft, with the draft's state."""

    name: str
    file: OpenedFile
    state: DraftState


async def create(hub: Hub, actor: Actor, file: DraftFile) -> ImportDraft:
    """Store a new draft. Raises UnsoundDocument, UnsoundDecision, MappingTooCostly; then nothing is stored."""
    shown = await file.file.ask(reading_steps.shown_file, file.state, file.name)
    async with hub.work(actor) as work:
        row = DraftRow(
            id=new_id(),
            tenant_id=work.tenant_id,
            file_name=file.name,
            sha256=file.file.facts.sha256,
            content=file.file.content,
            state=plain(file.state),
            created_by=work.actor.name,
            created_at=work.now,
            expires_at=work.now + DRAFT_LIFETIME,
        )
        await repository.keep_newest(work.session, work.tenant_id, MOST_DRAFTS - 1, work.now)
        work.session.add(row)
        if file.state.mapping_id is not None:
            await remembered_mappings.note_use(work, file.state.mapping_id)
        work.audit(actions.IMPORTS_REIMPORT if file.state.reimport_of else actions.IMPORTS_PROPOSE, f"import:{row.id}", after=_told(file))
        return await _presented(work, StoredDraft(row, file.state), shown)


async def update(hub: Hub, actor: Actor, draft_id: UUID, file: DraftFile) -> ImportDraft:
    """Store another state of a draft. Raises DraftNotFound, and what `create` raises."""
    shown = await file.file.ask(reading_steps.shown_file, file.state, file.name)
    async with hub.work(actor) as work:
        row = await repository.draft(work.session, work.tenant_id, draft_id, work.now, lock=True)
        if row is None:
            raise DraftNotFound
        row.state = plain(file.state)
        work.audit(actions.IMPORTS_REVISE, f"import:{row.id}", after=_told(file))
        return await _presented(work, StoredDraft(row, file.state), shown)


async def find(work: UnitOfWork, draft_id: UUID, lock: bool = False) -> StoredDraft:
    """Return a stored draft. Raises DraftNotFound."""
    row = await repository.draft(work.session, work.tenant_id, draft_id, work.now, lock)
    if row is None:
        raise DraftNotFound
    return StoredDraft(row, msgspec.convert(row.state, DraftState, strict=False))


async def present(hub: Hub, actor: Actor, draft: StoredDraft) -> ImportDraft:
    """Return a stored draft as its callers see it. Raises the errors of `preview_of`."""
    async with opened(draft.row.content, draft.state.pick) as file:
        shown = await file.ask(reading_steps.shown_file, draft.state, draft.row.file_name)
    async with hub.work(actor, read_only=True) as work:
        return await _presented(work, draft, shown)


async def _presented(work: UnitOfWork, draft: StoredDraft, shown: ShownFile) -> ImportDraft:
    row, state, preview = draft.row, draft.state, shown.preview
    model, version = await _suggested(work, state, preview)
    return ImportDraft(
        draft_id=row.id,
        file_name=row.file_name,
        size_bytes=state.size_bytes,
        sha256=row.sha256,
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        format=preview.format,
        mapped_by=state.mapped_by,
        document=preview.document,
        provenance=shown.sources,
        unmapped=shown.unmapped,
        contradictions=preview.contradictions,
        several_models=preview.several_models,
        candidates=preview.candidates,
        picked=preview.picked,
        mapping=state.rules,
        decisions=list(state.decisions),
        remembered=await remembered_mappings.saved_as(work, state.mapping_id),
        llm=report(state),
        duplicate_of=await _duplicates(work, row),
        reimport_of=state.reimport_of,
        model=model,
        version=version,
        warnings=preview.warnings,
        questions=preview.questions,
        open=still_open(preview),
        fingerprint=preview.fingerprint,
    )


def report(state: DraftState) -> LlmReport | None:
    """Return the report of a language model's part, with the values that a person has confirmed since."""
    return msgspec.structs.replace(state.llm, unsupported=unsupported(state)) if state.llm else None


async def _suggested(work: UnitOfWork, state: DraftState, preview: ImportPreview) -> tuple[str | None, str | None]:
    """Return the suggested model and number of a new version; no model when the model would be new."""
    if preview.document is None:
        return state.model, None
    wanted = str(preview.document.get("version") or "")
    slug = await catalog.find_by_name(work, state.model or preview.document["name"])
    return slug, await catalog.next_version(work, slug, wanted) if slug else free_version([], wanted)


async def _duplicates(work: UnitOfWork, row: DraftRow) -> list[ImportedVersion]:
    found = await repository.duplicates(work.session, work.tenant_id, row.sha256)
    return [
        ImportedVersion(version_id=one.version_id, model_name=one.model_name, model_slug=one.model_slug, label=label(one.version), imported_at=one.imported_at)
        for one in found
    ]


def _told(file: DraftFile) -> dict[str, object]:
    """Return the audit entry's content: the bytes' digest, how they were read, and what left the hub."""
    state = file.state
    asked = state.llm and {
        "connector": state.llm.connector_id, "model": state.llm.model, "mode": state.llm.mode, "calls": state.llm.calls, "reason": state.llm.reason
    }  # fmt: skip
    return {
        "file_name": file.name,
        "sha256": file.file.facts.sha256,
        "size_bytes": state.size_bytes,
        "format": state.format,
        "mapped_by": state.mapped_by,
        "rules": len(state.rules),
        "decisions": state.decisions,
        "confirmed": state.confirmed,
        "llm": asked,
    }
