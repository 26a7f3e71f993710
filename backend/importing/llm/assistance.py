"""A draft's state with a language model's help: the hub's own reading, and the additions of the model."""

from typing import Final
from uuid import UUID

import msgspec

from backend.access.permissions import P
from backend.actor import Actor
from backend.connectors import service as connectors
from backend.errors import Forbidden
from backend.hub import Hub
from backend.importing import reading_steps
from backend.importing.draft_state import DraftState, unsupported
from backend.importing.llm import prompt
from backend.importing.llm.conversation import FAILURES, Conversation, Proposal
from backend.importing.opened_file import OpenedFile
from backend.importing.sharing import agree, level_for, sharing
from backend.importing.speech import Speech
from backend.ports.secrets import Access
from backend.work.unit import UnitOfWork
from schemas.import_sharing import ImportMode, ShownImport, Shows
from schemas.importing import LlmReport, ProposeImport, Reimport, ReviseImport
from schemas.mapping import MappedBy


class LlmRequest(msgspec.Struct, frozen=True):
    """The connector, model and mode to ask with. `agreed`: the caller has seen what leaves the hub."""

    connector_id: UUID
    model: str | None
    mode: ImportMode
    agreed: bool = False


def llm_request(input: ProposeImport | ReviseImport | Reimport, actor: Actor) -> LlmRequest | None:
    """Return the request to a language model in an input, if there is one. Raises Forbidden for a caller who may not use connectors."""
    if input.connector_id is None:
        return None
    if not actor.may(P.CONNECTOR_CONNECTOR_USE):
        raise Forbidden(f"asking a language model needs the permission `{P.CONNECTOR_CONNECTOR_USE}`", permission=P.CONNECTOR_CONNECTOR_USE)
    return LlmRequest(input.connector_id, input.llm_model, input.mode, input.agreed)


async def with_llm(hub: Hub, actor: Actor, file: OpenedFile, state: DraftState, name: str, request: LlmRequest) -> DraftState:
    """Return the state with a language model's additions. Raises ConnectorNotFound. Any other failure is in the report, and the state stays."""
    speech, problem = await _allowed(hub, actor, request)
    async with hub.work(actor, read_only=True) as work:
        connector = (await connectors.get(work, request.connector_id)).name
        if problem is not None:
            return _reported(state, request, connector, problem, speech)
        if file.facts.several and file.facts.picked is None:
            several = Proposal(reason="SEVERAL_MODELS", message="The file describes several models; pick one first.")
            return _reported(state, request, connector, several, speech)
        try:
            access: Access = await connectors.access(work, request.connector_id)
        except FAILURES as error:
            return _reported(state, request, connector, Proposal(model=request.model, reason=error.reason, message=error.message), speech)
    conversation = Conversation(hub, access, request.model, hub.settings.import_llm_seconds, speech)
    if request.mode is ImportMode.REWRITE:
        proposal = await conversation.values(file)
        return _reported(_rewritten(state, proposal), request, connector, proposal, speech)
    shown = await file.ask(reading_steps.preview_alone, state, name)
    if not shown.unmapped:
        return _reported(state, request, connector, Proposal(model=request.model), speech)
    proposal = await conversation.rules(file, state.rules, shown.unmapped, list(shown.provenance))
    return _reported(_extended(state, proposal), request, connector, proposal, speech)


async def _allowed(hub: Hub, actor: Actor, request: LlmRequest) -> tuple[Speech, Proposal | None]:
    """Return the file's speech for this connector, and a proposal with the reason if nothing may be sent. Record the agreement."""
    async with hub.work(actor, read_only=True) as work:
        chosen = await sharing(work)
    speech = Speech(level_for(chosen, request.connector_id), chosen.short_words)
    if chosen.agreed_by is None and not request.agreed:
        return speech, Proposal(reason="NOT_AGREED", message=_NOT_AGREED)
    if request.mode is ImportMode.REWRITE and speech.shows is not Shows.FILE:
        return speech, Proposal(reason="SHOWS_LESS", message=_SHOWS_LESS)
    if chosen.agreed_by is None:
        async with hub.work(actor) as work:
            await agree(work)
    return speech, None


_NOT_AGREED: Final = "Nothing was sent. See what leaves the hub (imports.shown) and ask again with `agreed`; this is needed once."
_SHOWS_LESS: Final = "Nothing was sent. To rewrite a file, a language model has to see it whole; imports.setSharing allows that with `shows: file`."


async def speech_for(work: UnitOfWork, connector_id: UUID) -> Speech:
    """Return the speech that describes a file to a connector. Raises ConnectorNotFound."""
    await connectors.get(work, connector_id)
    chosen = await sharing(work)
    return Speech(level_for(chosen, connector_id), chosen.short_words)


async def show(file: OpenedFile, state: DraftState, name: str, speech: Speech) -> ShownImport:
    """Return the exact text that would leave the hub for a draft."""
    understood = await file.ask(reading_steps.preview_alone, state, name)
    several = file.facts.several and file.facts.picked is None
    reason = "nothing is open" if not understood.unmapped else "pick a model first" if several else None
    if reason:
        return ShownImport(shows=speech.shows, instructions=prompt.RULES_SYSTEM, text=None, reason=reason)
    told = await file.ask(reading_steps.llm_message, understood.unmapped, list(understood.provenance), speech.shows, speech.short_words)
    reason = None if told.text else "the file is too large to be shown"
    return ShownImport(shows=speech.shows, instructions=prompt.RULES_SYSTEM, text=told.text, reason=reason)


def _extended(state: DraftState, proposal: Proposal) -> DraftState:
    if not proposal.accepted:
        return state
    return msgspec.structs.replace(
        state, rules=[*state.rules, *proposal.accepted], mapped_by=MappedBy.LLM, is_model=True, mapping_id=None, written=None, confirmed={}
    )


def _rewritten(state: DraftState, proposal: Proposal) -> DraftState:
    if proposal.written is None:
        return state
    return msgspec.structs.replace(state, written=proposal.written, mapped_by=MappedBy.LLM, is_model=True, mapping_id=None, confirmed={})


def _reported(state: DraftState, request: LlmRequest, connector: str, proposal: Proposal, speech: Speech) -> DraftState:
    report = LlmReport(
        connector_id=request.connector_id,
        connector=connector,
        model=proposal.model,
        mode=request.mode,
        calls=proposal.calls,
        accepted=proposal.accepted,
        refused=proposal.refused,
        dropped=proposal.dropped,
        shows=speech.shows,
        instructions=proposal.instructions,
        sent=proposal.sent,
        unsupported=unsupported(state),
        input_tokens=proposal.input_tokens,
        output_tokens=proposal.output_tokens,
        seconds=proposal.seconds,
        reason=proposal.reason,
        message=proposal.message,
    )
    return msgspec.structs.replace(state, llm=report)
