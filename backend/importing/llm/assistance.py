"""A draft's state from a reading: the hub's own understanding, and what a language model adds to it."""

from uuid import UUID

import msgspec

from backend.access.permissions import P
from backend.actor import Actor
from backend.connectors import service as connectors
from backend.connectors.secret import Access
from backend.errors import Forbidden
from backend.hub import Hub
from backend.importing.draft_state import DraftState, preview_of, unsupported
from backend.importing.llm.conversation import FAILURES, Conversation, Proposal
from backend.importing.pointers import real, steps
from backend.importing.preview import Reading, understand
from backend.importing.worker_threads import aside
from schemas.importing import ImportMode, LlmReport
from schemas.mapping import MappedBy, MappingRule


class Request(msgspec.Struct, frozen=True):
    """A wish to ask a language model."""

    connector_id: UUID
    model: str | None
    mode: ImportMode


def wish(connector_id: UUID | None, model: str | None, mode: ImportMode, actor: Actor) -> Request | None:
    """The wish in an input. Raises Forbidden for who may not use connectors."""
    if connector_id is None:
        return None
    if not actor.may(P.CONNECTOR_CONNECTOR_USE):
        raise Forbidden(f"asking a language model needs the permission `{P.CONNECTOR_CONNECTOR_USE}`", permission=P.CONNECTOR_CONNECTOR_USE)
    return Request(connector_id, model, mode)


def own_state(reading: Reading, size: int, remembered: list[MappingRule] | None, mapping_id: UUID | None) -> DraftState:
    """How the hub understands a file by itself."""
    understood = understand(reading, remembered)
    by = MappedBy.MEMORY if understood.remembered else MappedBy.FORMAT if reading.known else MappedBy.MATCHER
    return DraftState(
        size_bytes=size,
        mapped_by=by,
        rules=understood.rules,
        format=understood.format,
        is_model=understood.is_model,
        mapping_id=mapping_id if understood.remembered else None,
        pick=reading.picked.name if reading.picked else None,
    )


async def asked(hub: Hub, actor: Actor, reading: Reading, state: DraftState, name: str, request: Request) -> DraftState:
    """The state with what a language model adds. Raises ConnectorNotFound; whatever else goes wrong is in the report, and the state stays."""
    async with hub.work(actor, read_only=True) as work:
        connector = (await connectors.get(work, request.connector_id)).name
        if reading.several and reading.picked is None:
            return _reported(state, request, connector, Proposal(reason="SEVERAL_MODELS", message="The file describes several models; pick one first."))
        try:
            access: Access | None = await connectors.access(work, request.connector_id)
            problem = Proposal()
        except FAILURES as error:
            access, problem = None, Proposal(model=request.model, reason=error.reason, message=error.message)
    if access is None:
        return _reported(state, request, connector, problem)
    conversation = Conversation(hub, access, request.model, hub.settings.import_llm_seconds)
    if request.mode is ImportMode.REWRITE:
        proposal = await conversation.values(reading.tree)
        return _reported(_rewritten(state, proposal), request, connector, proposal)
    shown = await aside(preview_of, state, reading, name)
    open_places = [_path(reading, pointer) for pointer in shown.unmapped]
    if not open_places:
        return _reported(state, request, connector, Proposal(model=request.model))
    proposal = await conversation.rules(reading.tree, state.rules, open_places, list(shown.provenance))
    return _reported(_extended(state, proposal), request, connector, proposal)


def _path(reading: Reading, pointer: str) -> tuple[str | int, ...]:
    return real(reading.tree, steps(pointer))


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


def _reported(state: DraftState, request: Request, connector: str, proposal: Proposal) -> DraftState:
    report = LlmReport(
        connector_id=request.connector_id,
        connector=connector,
        model=proposal.model,
        mode=request.mode,
        calls=proposal.calls,
        accepted=proposal.accepted,
        refused=proposal.refused,
        unsupported=unsupported(state),
        input_tokens=proposal.input_tokens,
        output_tokens=proposal.output_tokens,
        seconds=proposal.seconds,
        reason=proposal.reason,
        message=proposal.message,
    )
    return msgspec.structs.replace(state, llm=report)
