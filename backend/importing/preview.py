"""The import from bytes to preview: parse, find the rules, apply and check them, and show the result. Stores nothing."""

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any, Final

import msgspec

from backend.importing import formats
from backend.importing.apply import apply
from backend.importing.choices import with_choices
from backend.importing.collect import Collector, Value
from backend.importing.contradictions.consistency import contradictions
from backend.importing.corrections import NONE, PERSON, Corrections
from backend.importing.errors import UnknownModel, UnsoundDocument, UnsoundMapping
from backend.importing.matcher import match
from backend.importing.matcher.metrics import unexplained
from backend.importing.parse import Parsed, parse
from backend.importing.pointers import Path, leaves, resolve, text
from backend.importing.rules import checked
from backend.importing.several.best import candidates
from backend.importing.several.find import members
from backend.importing.several.member import Member
from backend.importing.skeleton import fingerprint
from backend.importing.validate import quick_issues
from backend.importing.vocabulary import metric_key
from backend.plural import plural
from schemas.common import Json
from schemas.importing import Candidate, Contradiction, ImportPreview
from schemas.mapping import MappingRule
from schemas.model_document import SCHEMA_VERSION

Memory = Callable[[str], Sequence[MappingRule] | None]
"""Looks up the mapping for a shape's fingerprint."""


class Reading(msgspec.Struct, frozen=True):
    """A file that was read: its values, its shape, its format, and its models if it describes several."""

    parsed: Parsed
    fingerprint: str
    known: formats.Format | None
    listed: list[Member]
    picked: Member | None
    candidates: list[Candidate] = []

    @property
    def tree(self) -> Json:
        """Return the file's values."""
        return self.parsed.tree

    @property
    def several(self) -> list[Member]:
        """Return the models to choose from; empty when there is one."""
        return self.listed if len(self.listed) > 1 else []


class Understood(msgspec.Struct, frozen=True):
    """A file's rules and their origin."""

    rules: list[MappingRule]
    format: str | None = None
    is_model: bool = True
    remembered: bool = False


def preview(content: bytes, name: str = "model", pick: str | None = None, remembered: Memory | None = None) -> ImportPreview:
    """Return the preview of a file, as the hub reads it. `pick` names one of several models. Raises UnreadableFile and its subclasses, UnknownModel."""
    reading = read(content, pick)
    understood = understand(reading, remembered(reading.fingerprint) if remembered else None)
    return show(reading, understood, apply(understood.rules, reading.tree), name)


def read(content: bytes, pick: str | None = None) -> Reading:
    """Read a file's bytes. Raises UnreadableFile and its subclasses, UnknownModel."""
    parsed = parse(content)
    known = formats.recognise(parsed.tree)
    listed = known.members(parsed.tree) if known else members(parsed.tree)
    listed, shown = candidates(parsed.tree, listed) if len(listed) > 1 else (listed, [])
    member = _picked(listed if len(listed) > 1 else [], pick)
    return Reading(parsed=parsed, fingerprint=fingerprint(parsed.tree), known=known, listed=listed, picked=member, candidates=shown)


def _picked(several: list[Member], pick: str | None) -> Member | None:
    if pick is None:
        return None
    for member in several:
        if member.is_called(pick):
            return member
    named = ", ".join(member.name for member in several[:20]) or "the file describes one model only"
    raise UnknownModel(f"The file has no model {pick!r}; it has: {named}.")


def understand(reading: Reading, remembered: Sequence[MappingRule] | None = None) -> Understood:
    """Return the rules for a file: those remembered for its shape, else its format's, else what the matcher finds."""
    named = reading.known.name if reading.known else None
    if remembered and not reading.several:
        try:
            return Understood(rules=checked(remembered), format=named, remembered=True)
        except UnsoundMapping:
            pass  # this release no longer accepts the mapping, so it finds another
    if reading.known:
        return Understood(rules=reading.known.rules_for(reading.listed[0] if len(reading.listed) == 1 else reading.picked), format=named)
    draft = match(reading.tree, reading.picked, reading.listed)
    return Understood(rules=checked(draft.rules()), is_model=draft.is_model())


def show(reading: Reading, understood: Understood, found: Collector, name: str, corrections: Corrections = NONE) -> ImportPreview:
    """Return the finds of the rules, checked, with a person's decisions applied. Raises UnsoundDocument."""
    parsed, several, member = reading.parsed, reading.several, reading.picked
    document, values = found.document()
    conflicts = found.contradictions
    if reading.known and not values and not several:  # such as a known tool's report on data alone
        understood = msgspec.structs.replace(understood, is_model=False)
    if understood.is_model:
        document, values, conflicts = corrections.carried_out(document, values, conflicts, parsed.tree)
        document, values = _named(document, values, name)
        _check(document)
        conflicts = [with_choices(one, document) for one in corrections.settled([*conflicts, *contradictions(document, values)])]
    used = {*(value.source for value in values.values()), *found.keys} if understood.is_model else set()
    asked = None if not several else [one.name for one in several]
    unmapped = [path for path, _ in leaves(parsed.tree) if path not in used]
    questions = list(_questions(understood, reading.known, document, reading.candidates if member is None else [], conflicts if understood.is_model else []))
    return ImportPreview(
        document=document if understood.is_model else None,
        provenance=_provenance(values) if understood.is_model else {},
        transforms={target: value.transform for target, value in values.items() if value.transform and value.transform not in OUTSIDE}
        if understood.is_model
        else {},
        unmapped=[text(path) for path in unmapped],
        contradictions=conflicts if understood.is_model else [],
        several_models=asked,
        candidates=reading.candidates,
        picked=member.name if member else None,
        format=understood.format,
        mapping=[_plain(rule) for rule in understood.rules],
        remembered=understood.remembered,
        fingerprint=reading.fingerprint,
        sha256=parsed.sha256,
        warnings=parsed.warnings,
        questions=questions + ([] if several or understood.format else _alike(parsed.tree, unmapped)),
    )


def _plain(rule: MappingRule) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(rule)
    return built


FILE: Final = "file:"
"""The transform, and the prefix of the source, of a model's name that is the file's name."""


OUTSIDE: Final = (FILE, PERSON)
"""Transforms of values that are not in the file. The source then names their origin."""


def _named(document: dict[str, Any], values: dict[str, Value], name: str) -> tuple[dict[str, Any], dict[str, Value]]:
    """Return the document with a name. If the file gives none, the file's own name is used, and the provenance says so."""
    if "name" not in document:
        own = (PurePath(name).stem or "model")[:200]
        document, values = {"name": own, **document}, {"/name": Value(own, (PurePath(name).name,), FILE), **values}
    return {"schema_version": SCHEMA_VERSION, **document}, values


def _provenance(values: dict[str, Value]) -> dict[str, str]:
    written = {value.source: text(value.source) for value in values.values()}
    return {target: written[value.source] if value.transform not in OUTSIDE else value.transform + str(value.source[0]) for target, value in values.items()}


def _check(document: dict[str, Any]) -> None:
    if wrong := quick_issues(document):
        raise UnsoundDocument(f"What was understood makes no model document: {wrong[0].pointer} {wrong[0].message}.", issues=wrong)


def _alike(tree: Json, unmapped: Sequence[Path]) -> list[str]:
    """Return a question for each place with parts that were left out, because they give the same figures and nothing tells them apart."""
    above = dict.fromkeys(path[:-2] for path in unmapped if len(path) > 1 and metric_key(str(path[-1])))
    left = set(unmapped)
    found = []
    for path in list(above)[:_MAX_ALIKE]:
        parts = [name for name in unexplained(resolve(tree, path)) if all((*path, name, *below) in left for below, _ in leaves(resolve(tree, (*path, name))))]
        if len(parts) > 1:
            named = ", ".join(text((*path, name)) for name in sorted(parts)[:8])
            found.append(
                f"The parts {named} give the same figures, and nothing says what tells them apart. They are left out: map those by hand that are the model's."
            )
    return found


_MAX_ALIKE: Final = 20


def _offered(one: Candidate) -> str:
    """Return a model as text, such as `XGBoost: roc_auc 0.84, the best by /best_model`."""
    told = [f"{name} {value:g}" for name, value in one.figures.items()][:3] + ([f"the best by {one.best_by}"] if one.best_by else [])
    return f"{one.name}: {', '.join(told)}" if told else one.name


def _questions(
    understood: Understood, known: formats.Format | None, document: dict[str, Any], several: list[Candidate], conflicts: list[Contradiction]
) -> list[str]:
    found = []
    if several:
        named = "; ".join(map(_offered, several[:8])) if any(one.best_by for one in several) else ", ".join(one.name for one in several[:8])
        found.append(f"The file describes {len(several)} models ({named}{', …' if len(several) > 8 else ''}). Which one?")
    if understood.is_model and not several and not document.get("metrics") and "name" not in document.get("algorithm", {}):
        found.append("The file tells part of a model only: neither an algorithm nor figures. Go on with it, or bring the file that has them.")
    if not understood.is_model and known:
        found.append(f"The file is of a known format, {known.title}, but holds no figures or features of a model. Bring the model's file, or map it by hand.")
    elif not understood.is_model:
        found.append("The file does not describe a model: it names neither an algorithm nor figures of one. Is it the right file?")
    if unsettled := sum(not one.settled for one in conflicts):
        found.append(f"{plural(unsettled, 'thing')} in the file cannot be true together. Which holds?")
    return found
