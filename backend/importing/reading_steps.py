"""The steps after reading a file: pure functions. Their arguments and results can cross to a child process and back."""

from typing import Any
from uuid import UUID

import msgspec

from backend.catalog.rules import free_version
from backend.importing.draft_state import DraftState, preview_of, samples, sources, still_open
from backend.importing.errors import StillOpen, UnsoundDocument
from backend.importing.llm import prompt
from backend.importing.llm.check_rules import RuledProposal, judge
from backend.importing.llm.check_values import Written, check
from backend.importing.pointers import real, steps
from backend.importing.preview import Reading, read, understand
from backend.importing.speech import Speech
from backend.importing.validate import issues
from schemas.common import Json
from schemas.import_sharing import Shows
from schemas.importing import Decision, ImportPreview, SourceLeaf, SourceOf
from schemas.mapping import MappedBy, MappingRule


class FileFacts(msgspec.Struct, frozen=True):
    """Facts about a file: its digest, the fingerprint of its shape, and the names of its models if it has several."""

    sha256: str
    fingerprint: str
    several: list[str]
    picked: str | None


class ShownFile(msgspec.Struct, frozen=True):
    """A file with its preview. `own_rules`: the mapping is the unchanged one of the file's known format."""

    preview: ImportPreview
    sources: dict[str, SourceOf]
    unmapped: list[SourceLeaf]
    own_rules: bool


class LlmMessage(msgspec.Struct, frozen=True):
    """The text about a file for a language model, and the meanings of its placeholders. `text` is None if it is too long to send."""

    text: str | None
    meant: dict[str, str]


def read_content(content: bytes, pick: str | None) -> Reading:
    """Read a file's bytes. Raises UnreadableFile and its subclasses, UnknownModel."""
    return read(content, pick)


def facts(reading: Reading) -> FileFacts:
    """Return the facts about the file."""
    several = [one.name for one in reading.several]
    return FileFacts(reading.parsed.sha256, reading.fingerprint, several, reading.picked.name if reading.picked else None)


def understand_alone(reading: Reading, size: int, remembered: list[MappingRule] | None, mapping_id: UUID | None) -> DraftState:
    """Return a file's state as the hub reads it, without help."""
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


def again_decided(reading: Reading, state: DraftState, decisions: list[Decision]) -> DraftState:
    """Return the state with the remembered decisions about contradictions that this file has too: 97.3 was per cent, but 0.97 may not be."""
    if state.mapping_id is None:
        return state
    asked = {claim.pointer for conflict in preview_of(state, reading, "model").contradictions for claim in conflict.claims}
    return msgspec.structs.replace(state, decisions=[one for one in decisions if one.source in asked and (one.other is None or one.other in asked)])


def decided(reading: Reading, state: DraftState, decisions: list[Decision], name: str) -> DraftState:
    """Return the state of one of several models, with the draft's decisions about this model's values."""
    asked = preview_of(state, reading, name)
    places = {*asked.provenance.values(), *(claim.pointer for conflict in asked.contradictions for claim in conflict.claims)}
    return msgspec.structs.replace(state, decisions=[one for one in decisions if one.source in places])


def shown_file(reading: Reading, state: DraftState, name: str) -> ShownFile:
    """Return the preview with the text at each place. Raises UnsoundDocument, UnsoundDecision, MappingTooCostly."""
    preview = preview_of(state, reading, name)
    own = reading.known is not None and state.rules == reading.known.rules_for(reading.listed[0] if len(reading.listed) == 1 else None)
    return ShownFile(preview, sources(preview, reading.tree), samples(preview.unmapped, reading.tree), own)


def settled_file(reading: Reading, state: DraftState, name: str) -> ShownFile:
    """Return the file for storing, like `shown_file`. Raises StillOpen and UnsoundDocument too."""
    shown = shown_file(reading, state, name)
    if left := still_open(shown.preview):
        named = f"{shown.preview.picked}: " if shown.preview.picked else ""
        raise StillOpen(f"This is to be decided first: {named}{left[0].message}.", issues=left)
    if wrong := issues(stored_document(shown.preview, "1.0.0", None)):
        raise UnsoundDocument(f"What was understood makes no model document: {wrong[0].pointer} {wrong[0].message}.", issues=wrong)
    return shown


def stored_document(preview: ImportPreview, number: str, mapping_id: UUID | None) -> dict[str, Any]:
    """Return the document for storing, with the source of each value, the unmapped values, and the lineage."""
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
    return raw


def preview_alone(reading: Reading, state: DraftState, name: str) -> ImportPreview:
    """Return the preview. Raises UnsoundDocument, UnsoundDecision, MappingTooCostly."""
    return preview_of(state, reading, name)


def llm_message(reading: Reading, unmapped: list[str], targets: list[str], shows: Shows, short_words: bool) -> LlmMessage:
    """Return the message about a file with the open places `unmapped`."""
    speech = Speech(shows, short_words)
    said = prompt.message(reading.tree, [real(reading.tree, steps(pointer)) for pointer in unmapped], targets, speech)
    return LlmMessage(said, speech.placeholders)


def llm_whole(reading: Reading) -> str | None:
    """Return the whole file, for a rewrite. None when it is too long to send."""
    return prompt.whole(reading.tree)


def llm_rules(reading: Reading, answer: Any, base: list[MappingRule], meant: dict[str, str]) -> RuledProposal:
    """Return the result of checking a language model's rules."""
    return judge(answer, reading.tree, base, Speech(meant=meant))


def llm_values(reading: Reading, values: list[dict[str, Json]]) -> list[Written]:
    """Return the values that a language model wrote, each checked against the file."""
    return check(values, reading.tree)
