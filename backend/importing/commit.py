"""From a draft to a version: the document with where each value came from, the source, and the mapping for the next file of this shape."""

from uuid import UUID

import msgspec

from backend.catalog import service as catalog
from backend.catalog.rules import canonical_version, free_version, slug_of
from backend.importing import actions, drafts, remembered_mappings, repository
from backend.importing.draft_state import DraftState, preview_of, samples, sources
from backend.importing.drafts import DraftFile
from backend.importing.errors import NotSeveral, StillOpen, UnsoundDocument
from backend.importing.llm.assistance import understand_alone
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
    file = await drafts.load(work, input.draft_id, lock=True)
    file = msgspec.structs.replace(file, state=corrected(file.state, work.actor, input))
    version = await _kept(work, input, file, await _settled(file))
    await repository.remove_draft(work.session, work.tenant_id, input.draft_id)
    return version


async def commit_several(work: UnitOfWork, input: CommitSeveral) -> list[Version]:
    """Keep several of a draft's models in one go, or all of them: each becomes a model of its own, or a version of the one that is named. What the file says of
    all of them (features, dataset) goes to each. Nothing is kept unless all are. Raises NotSeveral, UnknownModel, and what `commit` raises.
    """
    draft = await drafts.load(work, input.draft_id, lock=True)
    names = [one.name for one in draft.reading.several]
    if not names:
        raise NotSeveral
    kept = []
    for name in dict.fromkeys(input.picks if input.picks is not None else names):
        file = await drafts.load(work, input.draft_id, lock=True, pick=name)
        fresh = await aside(understand_alone, file.reading, file.state.size_bytes, None, None)
        state = msgspec.structs.replace(fresh, decisions=draft.state.decisions, model=draft.state.model, reimport_of=draft.state.reimport_of)
        file = msgspec.structs.replace(file, state=_decided(state, file))
        one = CommitImport(draft_id=input.draft_id, model=input.model, remember=False)
        kept.append((one, file, await _settled(file)))
    if not kept:
        raise NotSeveral("Name at least one of the models.")
    versions = [await _kept(work, one, file, preview) for one, file, preview in kept]
    await repository.remove_draft(work.session, work.tenant_id, input.draft_id)
    return versions


def _decided(state: DraftState, file: DraftFile) -> DraftState:
    """With those of the draft's decisions that are about this model's values."""
    asked = preview_of(msgspec.structs.replace(state, decisions=[]), file.reading, file.name)
    places = {*asked.provenance.values(), *(claim.pointer for conflict in asked.contradictions for claim in conflict.claims)}
    return msgspec.structs.replace(state, decisions=[one for one in state.decisions if one.source in places])


async def _settled(file: DraftFile) -> ImportPreview:
    """What is about to be kept. Raises StillOpen."""
    preview = await aside(preview_of, file.state, file.reading, file.name)
    if left := drafts.still_open(preview):
        named = f"{preview.picked}: " if preview.picked else ""
        raise StillOpen(f"This is to be decided first: {named}{left[0].message}.", issues=left)
    return preview


async def _kept(work: UnitOfWork, input: CommitImport, file: DraftFile, preview: ImportPreview) -> Version:
    """One model of a draft, as a version with its source."""
    assert preview.document is not None
    slug = await _model(work, input, file, preview)
    wanted = input.version or str(preview.document.get("version") or "")
    number = canonical_version(input.version) if input.version else await catalog.next_version(work, slug, wanted)
    mapping_id = await _remembered(work, input, file, preview)
    document = await aside(document_of, preview, file.state, number, mapping_id)
    version = await catalog.create_version(work, CreateVersion(model=slug, version=number, document=document))
    await _keep_source(work, file, preview, version, mapping_id)
    told = {"draft": input.draft_id, "sha256": preview.sha256, "version_id": version.id, "mapping_id": mapping_id, "decisions": file.state.decisions}
    work.audit(actions.IMPORTS_COMMIT, f"model:{slug}:{number}", after=told)
    return version


async def _model(work: UnitOfWork, input: CommitImport, file: DraftFile, preview: ImportPreview) -> str:
    """The slug of the model that the version is for, made now if it is a new one."""
    if input.model is not None:
        return (await catalog.get_model(work, ModelRef(slug=input.model))).slug
    assert preview.document is not None
    name = file.state.model or preview.document["name"]
    if input.new_model is None and (slug := await catalog.find_by_name(work, name)):
        return slug
    new = input.new_model or NewModel(name=name, description=preview.document.get("description"))
    made = await catalog.create_model(work, CreateModel(name=new.name, slug=new.slug or slug_of(new.name), description=new.description))
    return made.slug


async def _remembered(work: UnitOfWork, input: CommitImport, file: DraftFile, preview: ImportPreview) -> UUID | None:
    """The mapping's id, once it is remembered. A known format's own needs no remembering; a choice among several models is the file's own."""
    state, reading = file.state, file.reading
    if not input.remember or reading.several or state.written is not None:
        return state.mapping_id
    if reading.known and state.rules == reading.known.rules_for(reading.listed[0] if len(reading.listed) == 1 else None):
        return None
    return await remembered_mappings.remember(work, preview.fingerprint, file.name, state)


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


async def _keep_source(work: UnitOfWork, file: DraftFile, preview: ImportPreview, version: Version, mapping_id: UUID | None) -> None:
    state, tree = file.state, file.reading.tree
    record = ImportRecord(
        version_id=version.id,
        file_name=file.name,
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
            file_name=file.name,
            sha256=preview.sha256,
            content=file.content,
            mapping_id=mapping_id,
            record=plain(record),
            imported_by=work.actor.name,
            imported_at=work.now,
        )
    )
    await work.session.flush()
