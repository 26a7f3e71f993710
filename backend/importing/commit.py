"""From a draft to a version: the document with where each value came from, the source, and the mapping for the next file of this shape."""

from uuid import UUID

import msgspec

from backend.catalog import service as catalog
from backend.catalog.rules import canonical_version, free_version, slug_of
from backend.importing import actions, drafts, remembered_mappings, repository
from backend.importing.draft_state import DraftState, preview_of, samples, sources
from backend.importing.drafts import Brought
from backend.importing.errors import NotSeveral, StillOpen, UnsoundDocument
from backend.importing.llm.assistance import own_state
from backend.importing.service import corrected
from backend.importing.tables import ImportRow
from backend.importing.validate import issues
from backend.importing.worker_threads import aside
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.catalog import CreateModel, CreateVersion, ModelRef, Version
from schemas.importing import CommitImport, CommitSeveral, ImportPreview, ImportRecord, NewModel
from schemas.model_document import ModelDocument


async def commit(work: UnitOfWork, input: CommitImport) -> Version:
    """Keep a draft as a version; the draft is gone then. Raises DraftNotFound, StillOpen, ModelNotFound, SlugTaken, VersionTaken, UnsoundMapping,
    UnsoundDecision, UnsoundDocument.
    """
    brought = await drafts.brought(work, input.draft_id, lock=True)
    brought = msgspec.structs.replace(brought, state=corrected(brought.state, work.actor, input))
    version = await _kept(work, input, brought, await _settled(brought))
    await repository.remove_draft(work.session, work.tenant_id, input.draft_id)
    return version


async def commit_several(work: UnitOfWork, input: CommitSeveral) -> list[Version]:
    """Keep several of a draft's models in one go, or all of them: each becomes a model of its own, or a version of the one that is named. What the file says of
    all of them (features, dataset) goes to each. Nothing is kept unless all are. Raises NotSeveral, UnknownModel, and what `commit` raises.
    """
    draft = await drafts.brought(work, input.draft_id, lock=True)
    names = [one.name for one in draft.reading.several]
    if not names:
        raise NotSeveral
    kept = []
    for name in dict.fromkeys(input.picks if input.picks is not None else names):
        brought = await drafts.brought(work, input.draft_id, lock=True, pick=name)
        fresh = await aside(own_state, brought.reading, brought.state.size_bytes, None, None)
        state = msgspec.structs.replace(fresh, decisions=draft.state.decisions, model=draft.state.model, reimport_of=draft.state.reimport_of)
        brought = msgspec.structs.replace(brought, state=_decided(state, brought))
        one = CommitImport(draft_id=input.draft_id, model=input.model, remember=False)
        kept.append((one, brought, await _settled(brought)))
    if not kept:
        raise NotSeveral("Name at least one of the models.")
    versions = [await _kept(work, one, brought, preview) for one, brought, preview in kept]
    await repository.remove_draft(work.session, work.tenant_id, input.draft_id)
    return versions


def _decided(state: DraftState, brought: Brought) -> DraftState:
    """With those of the draft's decisions that are about this model's values."""
    asked = preview_of(msgspec.structs.replace(state, decisions=[]), brought.reading, brought.name)
    places = {*asked.provenance.values(), *(claim.pointer for conflict in asked.contradictions for claim in conflict.claims)}
    return msgspec.structs.replace(state, decisions=[one for one in state.decisions if one.source in places])


async def _settled(brought: Brought) -> ImportPreview:
    """What is about to be kept. Raises StillOpen."""
    preview = await aside(preview_of, brought.state, brought.reading, brought.name)
    if left := drafts.still_open(preview):
        named = f"{preview.picked}: " if preview.picked else ""
        raise StillOpen(f"This is to be decided first: {named}{left[0].message}.", issues=left)
    return preview


async def _kept(work: UnitOfWork, input: CommitImport, brought: Brought, preview: ImportPreview) -> Version:
    """One model of a draft, as a version with its source."""
    assert preview.document is not None
    slug = await _model(work, input, brought, preview)
    wanted = input.version or str(preview.document.get("version") or "")
    number = canonical_version(input.version) if input.version else await catalog.next_version(work, slug, wanted)
    mapping_id = await _remembered(work, input, brought, preview)
    document = await aside(document_of, preview, brought.state, number, mapping_id)
    version = await catalog.create_version(work, CreateVersion(model=slug, version=number, document=document))
    await _keep_source(work, brought, preview, version, mapping_id)
    told = {"draft": input.draft_id, "sha256": preview.sha256, "version_id": version.id, "mapping_id": mapping_id, "decisions": brought.state.decisions}
    work.audit(actions.IMPORTS_COMMIT, f"model:{slug}:{number}", after=told)
    return version


async def _model(work: UnitOfWork, input: CommitImport, brought: Brought, preview: ImportPreview) -> str:
    """The slug of the model that the version is for, made now if it is a new one."""
    if input.model is not None:
        return (await catalog.get_model(work, ModelRef(slug=input.model))).slug
    assert preview.document is not None
    name = brought.state.model or preview.document["name"]
    if input.new_model is None and (slug := await catalog.find_by_name(work, name)):
        return slug
    new = input.new_model or NewModel(name=name, description=preview.document.get("description"))
    made = await catalog.create_model(work, CreateModel(name=new.name, slug=new.slug or slug_of(new.name), description=new.description))
    return made.slug


async def _remembered(work: UnitOfWork, input: CommitImport, brought: Brought, preview: ImportPreview) -> UUID | None:
    """The mapping's id, once it is remembered. A known format's own needs no remembering; a choice among several models is the file's own."""
    state, reading = brought.state, brought.reading
    if not input.remember or reading.several or state.written is not None:
        return state.mapping_id
    if reading.known and state.rules == reading.known.rules_for(reading.listed[0] if len(reading.listed) == 1 else None):
        return None
    return await remembered_mappings.remember(work, preview.fingerprint, brought.name, state)


def document_of(preview: ImportPreview, state: DraftState, number: str, mapping_id: UUID | None) -> ModelDocument:
    """The document as it is stored: with where each value came from, what was left, and the lineage. Raises UnsoundDocument."""
    raw = dict(preview.document or {})
    provenance, unmapped = dict(preview.provenance), list(preview.unmapped)
    if raw.get("version") != number and "/version" in provenance:
        said = provenance.pop("/version")
        if free_version([], str(raw["version"])) == number:
            provenance["/version"] = said
        elif said.startswith("/"):
            unmapped.append(said)
    raw |= {"version": number, "provenance": provenance, "transforms": preview.transforms, "unmapped": unmapped}
    raw["lineage"] = {
        "source_format": preview.format or "json", "source_sha256": preview.sha256, "mapping_id": str(mapping_id) if mapping_id else None
    }  # fmt: skip
    if wrong := issues(raw):
        raise UnsoundDocument(f"What was understood makes no model document: {wrong[0].pointer} {wrong[0].message}.", issues=wrong)
    return msgspec.convert(raw, ModelDocument)


async def _keep_source(work: UnitOfWork, brought: Brought, preview: ImportPreview, version: Version, mapping_id: UUID | None) -> None:
    state, tree = brought.state, brought.reading.tree
    record = ImportRecord(
        version_id=version.id,
        file_name=brought.name,
        size_bytes=state.size_bytes,
        sha256=preview.sha256,
        format=preview.format,
        fingerprint=preview.fingerprint,
        mapped_by=state.mapped_by,
        mapping_id=mapping_id,
        mapping=state.rules,
        provenance=sources(preview, tree),
        unmapped=samples(preview.unmapped, tree),
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
            file_name=brought.name,
            sha256=preview.sha256,
            content=brought.content,
            mapping_id=mapping_id,
            record=plain(record),
            imported_by=work.actor.name,
            imported_at=work.now,
        )
    )
    await work.session.flush()
