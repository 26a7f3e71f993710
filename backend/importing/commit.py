"""Turns a draft into a version: the document with its sources, the file, and the mapping for the next file of this shape."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec

from backend.actor import Actor
from backend.catalog import service as catalog
from backend.catalog.rules import canonical_version, slug_of
from backend.hub import Hub
from backend.importing import actions, drafts, reading_steps, remembered_mappings, repository
from backend.importing.draft_state import DraftState
from backend.importing.drafts import StoredDraft
from backend.importing.errors import NotSeveral
from backend.importing.opened_file import opened
from backend.importing.reading_steps import ShownFile
from backend.importing.service import corrected
from backend.importing.tables import ImportRow
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.catalog import CreateModel, CreateVersion, ModelRef, Version
from schemas.importing import CommitImport, CommitSeveral, ImportRecord, NewModel
from schemas.model_document import ModelDocument


class SettledDraft(msgspec.Struct, frozen=True):
    """One model of a draft that can be stored: its state, and its values. `several`: the file describes other models too."""

    input: CommitImport
    draft: StoredDraft
    state: DraftState
    shown: ShownFile
    several: bool


async def commit(hub: Hub, actor: Actor, input: CommitImport) -> Version:
    """Store a draft as a version, and remove the draft. Raises DraftNotFound, StillOpen, ModelNotFound, SlugTaken, VersionTaken, UnsoundMapping,
    UnsoundDecision, UnsoundDocument.
    """

    async def settled(draft: StoredDraft) -> list[SettledDraft]:
        state = corrected(draft.state, actor, input)
        async with opened(draft.row.content, state.pick) as file:
            shown = await file.ask(reading_steps.settled_file, state, draft.row.file_name)
            return [SettledDraft(input, draft, state, shown, bool(file.facts.several))]

    (version,) = await _committed(hub, actor, input.draft_id, settled)
    return version


async def commit_several(hub: Hub, actor: Actor, input: CommitSeveral) -> list[Version]:
    """Store several or all of a draft's models at once. Each becomes its own model, or a version of the named model. Values that the file gives for all of them
    (features, dataset) go to each. Either all are stored or none. Raises NotSeveral, UnknownModel, and the errors of `commit`.
    """

    async def settled(draft: StoredDraft) -> list[SettledDraft]:
        async with opened(draft.row.content, draft.state.pick) as file:
            names = file.facts.several
        if not names:
            raise NotSeveral
        wanted = list(dict.fromkeys(input.picks if input.picks is not None else names))
        if not wanted:
            raise NotSeveral("Name at least one of the models.")
        return [await _picked(draft, input, name) for name in wanted]

    return await _committed(hub, actor, input.draft_id, settled)


async def _picked(draft: StoredDraft, input: CommitSeveral, name: str) -> SettledDraft:
    """Return the chosen model of the file."""
    before = draft.state
    async with opened(draft.row.content, name) as file:
        fresh = await file.ask(reading_steps.understand_alone, before.size_bytes, None, None)
        state = msgspec.structs.replace(fresh, model=before.model, reimport_of=before.reimport_of)
        state = await file.ask(reading_steps.decided, state, list(before.decisions), draft.row.file_name)
        shown = await file.ask(reading_steps.settled_file, state, draft.row.file_name)
    return SettledDraft(CommitImport(draft_id=input.draft_id, model=input.model, remember=False), draft, state, shown, several=True)


async def _committed(hub: Hub, actor: Actor, draft_id: UUID, settled: Callable[[StoredDraft], Awaitable[list[SettledDraft]]]) -> list[Version]:
    """Read without a database connection, then store in one transaction. If somebody revised the draft meanwhile, read it again."""
    while True:
        async with hub.work(actor, read_only=True) as work:
            draft = await drafts.find(work, draft_id)
        kept = await settled(draft)
        async with hub.work(actor) as work:
            now = await drafts.find(work, draft_id, lock=True)
            if now.state != draft.state:
                continue
            versions = [await _kept(work, one) for one in kept]
            await repository.remove_draft(work.session, work.tenant_id, draft_id)
            return versions


async def _kept(work: UnitOfWork, one: SettledDraft) -> Version:
    """Store one model of a draft as a version with its source, and return the version."""
    preview = one.shown.preview
    assert preview.document is not None
    slug = await _model(work, one)
    wanted = one.input.version or str(preview.document.get("version") or "")
    number = canonical_version(one.input.version) if one.input.version else await catalog.next_version(work, slug, wanted)
    mapping_id = await _remembered(work, one)
    document = msgspec.convert(reading_steps.stored_document(preview, number, mapping_id), ModelDocument)
    version = await catalog.create_version(work, CreateVersion(model=slug, version=number, document=document))
    await _keep_source(work, one, version, mapping_id)
    told = {"draft": one.input.draft_id, "sha256": preview.sha256, "version_id": version.id, "mapping_id": mapping_id, "decisions": one.state.decisions}
    work.audit(actions.IMPORTS_COMMIT, f"model:{slug}:{number}", after=told)
    return version


async def _model(work: UnitOfWork, one: SettledDraft) -> str:
    """Return the slug of the version's model, which is created now if it is new."""
    asked, document = one.input, one.shown.preview.document
    if asked.model is not None:
        return (await catalog.get_model(work, ModelRef(slug=asked.model))).slug
    assert document is not None
    name = one.state.model or document["name"]
    if asked.new_model is None and (slug := await catalog.find_by_name(work, name)):
        return slug
    new = asked.new_model or NewModel(name=name, description=document.get("description"))
    made = await catalog.create_model(work, CreateModel(name=new.name, slug=new.slug or slug_of(new.name), description=new.description))
    return made.slug


async def _remembered(work: UnitOfWork, one: SettledDraft) -> UUID | None:
    """Remember the mapping and return its id. A known format's own mapping is not remembered, nor is one of several models: such a choice is about this file
    only.
    """
    if not one.input.remember or one.several or one.state.written is not None:
        return one.state.mapping_id
    if one.shown.own_rules:
        return None
    return await remembered_mappings.remember(work, one.shown.preview.fingerprint, one.draft.row.file_name, one.state)


async def _keep_source(work: UnitOfWork, one: SettledDraft, version: Version, mapping_id: UUID | None) -> None:
    row, state, preview = one.draft.row, one.state, one.shown.preview
    record = ImportRecord(
        version_id=version.id,
        file_name=row.file_name,
        size_bytes=state.size_bytes,
        sha256=preview.sha256,
        format=preview.format,
        fingerprint=preview.fingerprint,
        mapped_by=state.mapped_by,
        mapping_id=mapping_id,
        mapping=state.rules,
        provenance=one.shown.sources,
        unmapped=one.shown.unmapped,
        contradictions=preview.contradictions,
        decisions=list(state.decisions),
        warnings=preview.warnings,
        llm=drafts.report(state),
        picked=preview.picked,
        imported_by=work.actor.name,
        imported_at=work.now,
    )
    work.session.add(
        ImportRow(
            version_id=version.id,
            tenant_id=work.tenant_id,
            file_name=row.file_name,
            sha256=preview.sha256,
            content=row.content,
            mapping_id=mapping_id,
            record=plain(record),
            imported_by=work.actor.name,
            imported_at=work.now,
        )
    )
    await work.session.flush()
