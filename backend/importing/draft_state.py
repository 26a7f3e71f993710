"""The state of a draft beside its bytes: enough to read them in the same way again."""

from uuid import UUID

from backend.importing.apply import apply
from backend.importing.collect import Collector
from backend.importing.corrections import Corrections, readings
from backend.importing.llm.check_values import Written, gathered
from backend.importing.pointers import MISSING, resolve, steps
from backend.importing.preview import FILE, OUTSIDE, Reading, Understood, show
from schemas.common import Issue, Json, Shape
from schemas.importing import Decision, ImportPreview, LlmReport, SourceLeaf, SourceOf, UnsupportedValue
from schemas.mapping import MappedBy, MappingRule

_SAMPLE = 120
"""Characters shown of a text in the file."""


class DraftState(Shape, frozen=True, kw_only=True):
    """The rules and corrections of a draft. `written` are the values of a language model in mode `rewrite`."""

    size_bytes: int
    mapped_by: MappedBy
    rules: list[MappingRule]
    format: str | None
    is_model: bool = True
    mapping_id: UUID | None = None
    pick: str | None = None
    decisions: list[Decision] = []
    confirmed: dict[str, str] = {}
    """Places of the document with correct unsupported values, and the people who confirmed them."""
    written: list[Written] | None = None
    llm: LlmReport | None = None
    reimport_of: UUID | None = None
    model: str | None = None


def preview_of(state: DraftState, reading: Reading, name: str) -> ImportPreview:
    """Return the draft's preview. Raises UnsoundDocument, UnsoundDecision, MappingTooCostly."""
    understood = Understood(rules=state.rules, format=state.format, is_model=state.is_model, remembered=state.mapped_by is MappedBy.MEMORY)
    return show(reading, understood, _found(state, reading), name, Corrections(state.decisions))


def _found(state: DraftState, reading: Reading) -> Collector:
    if state.written is not None:
        return gathered(state.written, state.confirmed, reading.tree)
    return apply(state.rules, reading.tree, readings(state.decisions, reading.tree))


def sources(preview: ImportPreview, tree: Json) -> dict[str, SourceOf]:
    """Return the source of each value of the document, with the text there."""
    return {target: _source(pointer, preview.transforms.get(target), tree) for target, pointer in preview.provenance.items()}


def _source(pointer: str, transform: str | None, tree: Json) -> SourceOf:
    if pointer.startswith(OUTSIDE):
        return SourceOf(pointer=pointer, value=pointer.removeprefix(FILE) if pointer.startswith(FILE) else None)
    return SourceOf(pointer=pointer, value=sample(tree, pointer), transform=transform)


def samples(pointers: list[str], tree: Json) -> list[SourceLeaf]:
    """Return the values at places of the file, long texts cut."""
    return [SourceLeaf(pointer=pointer, value=sample(tree, pointer)) for pointer in pointers]


def sample(tree: Json, pointer: str) -> Json:
    """Return the value at the place, a long text cut; a container by its kind."""
    found = resolve(tree, steps(pointer))
    if found is MISSING:
        return None
    if isinstance(found, (dict, list)) and found:
        return "{…}" if isinstance(found, dict) else "[…]"
    return f"{found[:_SAMPLE]}…" if isinstance(found, str) and len(found) > _SAMPLE else found


def unsupported(state: DraftState) -> list[UnsupportedValue]:
    """Return the values of a language model that the file does not contain, and whether a person confirmed each."""
    return [
        UnsupportedValue(target=one.target, value=one.value, reason=one.reason, confirmed=one.target in state.confirmed)
        for one in state.written or []
        if one.source is None
    ]


def still_open(preview: ImportPreview) -> list[Issue]:
    """Return the open questions, which must be decided before the commit."""
    found = []
    if preview.several_models and preview.picked is None:
        found.append(Issue(pointer="/pick", message=f"the file describes {len(preview.several_models)} models; say which one"))
    if preview.document is None:
        found.append(Issue(pointer="/mapping", message="the file does not describe a model; bring another file, or say by rules where it does"))
    return found + [Issue(pointer=one.target, message=one.message) for one in preview.contradictions if not one.settled]
