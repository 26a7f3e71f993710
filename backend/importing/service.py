"""Drafts of imports: proposed, revised, discarded, or read again. Only the draft is stored."""

import msgspec

from backend.actor import Actor
from backend.catalog import service as catalog
from backend.errors import Invalid
from backend.hub import Hub
from backend.importing import actions, drafts, reading_steps, remembered_mappings, repository
from backend.importing.draft_state import DraftState
from backend.importing.drafts import DraftFile
from backend.importing.errors import DraftNotFound, NoSource, UnsoundMapping
from backend.importing.llm import assistance
from backend.importing.opened_file import OpenedFile, opened
from backend.importing.rules import checked
from backend.work.unit import UnitOfWork
from schemas.catalog import VersionRef
from schemas.common import Issue
from schemas.import_sharing import ImportMode, ShowImport, ShownImport
from schemas.importing import CommitImport, Decision, DiscardedDraft, DraftRef, ImportDraft, ImportRecord, ProposeImport, Reimport, ReviseImport
from schemas.mapping import MappedBy, MappingRule


async def propose(hub: Hub, actor: Actor, input: ProposeImport) -> ImportDraft:
    """Read a file and store it as a draft. Raises UnreadableFile and its subclasses, FileTooLarge, UnknownModel, ConnectorNotFound, Forbidden."""
    request = assistance.llm_request(input, actor)
    async with opened(_content(input), input.pick) as file:
        state = await _own(hub, actor, file, input.use_memory)
        if request is not None and (state.mapped_by is MappedBy.MATCHER or request.mode is ImportMode.REWRITE):
            state = await assistance.with_llm(hub, actor, file, state, input.name, request)
        state = msgspec.structs.replace(state, model=input.model)
        return await drafts.create(hub, actor, DraftFile(input.name, file, state))


def _content(input: ProposeImport) -> bytes:
    if (input.text is None) == (input.file is None):
        raise Invalid("Send the file either as `file` or as `text`.", issues=[Issue(pointer="/file", message="exactly one of file and text is required")])
    return input.text.encode("utf-8", "surrogatepass") if input.text is not None else input.file or b""


async def _own(hub: Hub, actor: Actor, file: OpenedFile, use_memory: bool) -> DraftState:
    """Return the state as the hub reads the file, by a remembered mapping if there is one."""
    rules, mapping_id, decisions = None, None, list[Decision]()
    if use_memory and not file.facts.several:
        async with hub.work(actor, read_only=True) as work:
            row = await remembered_mappings.find(work, file.facts.fingerprint)
            if row is not None:
                rules, mapping_id, decisions = remembered_mappings.rules_of_row(row), row.id, remembered_mappings.decisions_of_row(row)
    state = await file.ask(reading_steps.understand_alone, len(file.content), rules, mapping_id)
    return await file.ask(reading_steps.again_decided, state, decisions) if decisions else state


async def get(hub: Hub, actor: Actor, input: DraftRef) -> ImportDraft:
    """Return a draft in its present state. Raises DraftNotFound."""
    async with hub.work(actor, read_only=True) as work:
        draft = await drafts.find(work, input.draft_id)
    return await drafts.present(hub, actor, draft)


async def revise(hub: Hub, actor: Actor, input: ReviseImport) -> ImportDraft:
    """Apply a person's corrections to a draft, or ask a language model about it. Raises DraftNotFound, UnsoundMapping, UnsoundDecision, UnknownModel,
    UnsoundDocument.
    """
    request = assistance.llm_request(input, actor)
    async with hub.work(actor, read_only=True) as work:
        before = await drafts.find(work, input.draft_id)
    state, name = before.state, before.row.file_name
    async with opened(before.row.content, input.pick if input.pick is not None else state.pick) as file:
        if input.pick is not None and (file.facts.picked is None or file.facts.picked != state.pick):
            fresh = await file.ask(reading_steps.understand_alone, state.size_bytes, None, None)
            state = msgspec.structs.replace(fresh, reimport_of=state.reimport_of, model=state.model)
        state = corrected(state, actor, input)
        if request is not None:
            state = await assistance.with_llm(hub, actor, file, state, name, request)
        return await drafts.update(hub, actor, input.draft_id, DraftFile(name, file, state))


def corrected(state: DraftState, actor: Actor, input: ReviseImport | CommitImport) -> DraftState:
    """Return the state with a person's corrections. Raises UnsoundMapping, with pointers into the input."""
    if input.mapping is not None:
        state = with_mapping(state, input.mapping)
    if input.decisions is not None:
        state = msgspec.structs.replace(state, decisions=input.decisions)
    if input.confirmed is not None:
        state = msgspec.structs.replace(state, confirmed={target: state.confirmed.get(target, actor.name) for target in input.confirmed})
    return state


def with_mapping(state: DraftState, mapping: list[MappingRule]) -> DraftState:
    """Return the state with a person's own mapping. The same mapping changes nothing."""
    rules = sound(mapping)
    if rules == state.rules and state.written is None:
        return state
    return msgspec.structs.replace(state, rules=rules, mapped_by=MappedBy.PERSON, is_model=True, mapping_id=None, written=None, confirmed={})


def sound(mapping: list[MappingRule]) -> list[MappingRule]:
    """Return the mapping of the input, checked. Raises UnsoundMapping, with pointers into the input."""
    try:
        return checked(mapping)
    except UnsoundMapping as error:
        error.issues = [msgspec.structs.replace(issue, pointer=f"/mapping{issue.pointer}") for issue in error.issues]
        raise


async def shown(hub: Hub, actor: Actor, input: ShowImport) -> ShownImport:
    """Return the text that would leave the hub for a draft. Raises DraftNotFound, ConnectorNotFound."""
    async with hub.work(actor, read_only=True) as work:
        draft = await drafts.find(work, input.draft_id)
        speech = await assistance.speech_for(work, input.connector_id)
    async with opened(draft.row.content, draft.state.pick) as file:
        return await assistance.show(file, draft.state, draft.row.file_name, speech)


async def discard(work: UnitOfWork, input: DraftRef) -> DiscardedDraft:
    """Remove a draft and its bytes. Raises DraftNotFound."""
    if not await repository.remove_draft(work.session, work.tenant_id, input.draft_id):
        raise DraftNotFound
    work.audit(actions.IMPORTS_DISCARD, f"import:{input.draft_id}")
    return DiscardedDraft(draft_id=input.draft_id)


async def reimport(hub: Hub, actor: Actor, input: Reimport) -> ImportDraft:
    """Read a version's stored file again, as a new draft. Raises VersionNotFound, NoSource, and the errors of `propose`."""
    request = assistance.llm_request(input, actor)
    async with hub.work(actor, read_only=True) as work:
        model = await catalog.model_of_version(work, input.version_id)
        row = await repository.source(work.session, work.tenant_id, input.version_id, content=True)
        if row is None:
            raise NoSource
        name, content = row.file_name, row.content
    async with opened(content, input.pick) as file:
        state = await _own(hub, actor, file, input.use_memory and input.mapping is None)
        if input.mapping is not None:
            state = with_mapping(state, input.mapping)
        if request is not None:
            state = await assistance.with_llm(hub, actor, file, state, name, request)
        state = msgspec.structs.replace(state, reimport_of=input.version_id, model=model)
        return await drafts.create(hub, actor, DraftFile(name, file, state))


async def record(work: UnitOfWork, input: VersionRef) -> ImportRecord:
    """Return the record of a version's import. Raises VersionNotFound, NoSource."""
    await catalog.get_version(work, input)
    row = await repository.source(work.session, work.tenant_id, input.version_id)
    if row is None:
        raise NoSource
    return msgspec.convert(row.record, ImportRecord, strict=False)


async def prune(work: UnitOfWork) -> int:
    """Remove all expired drafts of all tenants, and return their number."""
    return await repository.prune(work.session)
