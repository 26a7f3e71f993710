"""The import from bytes to preview: parse, recognise, else remember, else match; apply, check, and show. Stores nothing."""

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any, Final

import msgspec

from backend.importing import formats
from backend.importing.apply import apply
from backend.importing.collect import Collector, Value
from backend.importing.consistency import contradictions
from backend.importing.errors import UnknownModel, UnsoundDocument, UnsoundMapping
from backend.importing.matcher import match
from backend.importing.parse import Parsed, parse
from backend.importing.pointers import leaves, text
from backend.importing.rules import Rule, checked
from backend.importing.several import Member, members
from backend.importing.skeleton import fingerprint
from backend.importing.validate import quick_issues
from schemas.common import Json
from schemas.importing import ImportPreview
from schemas.model_document import SCHEMA_VERSION

Memory = Callable[[str], Sequence[Rule] | None]
"""Looks the mapping for a shape's fingerprint up."""


class Understood(msgspec.Struct, frozen=True):
    """How a file's rules were come by."""

    rules: list[Rule]
    format: str | None = None
    is_model: bool = True
    remembered: bool = False


def preview(content: bytes, name: str = "model", pick: str | None = None, remembered: Memory | None = None) -> ImportPreview:
    """How a file is understood. `pick` names the model that is meant when there are several. Raises UnreadableFile and its kin, UnknownModel."""
    parsed = parse(content)
    known = formats.recognise(parsed.tree)
    listed = known.members(parsed.tree) if known else members(parsed.tree)
    several = listed if len(listed) > 1 else []
    member = _picked(several, pick)
    shape = fingerprint(parsed.tree)
    understood = _understood(parsed.tree, known, listed, member, shape, remembered)
    found = apply(understood.rules, parsed.tree)
    return _shown(parsed, understood, found, several, member, shape, name)


def _picked(several: list[Member], pick: str | None) -> Member | None:
    if pick is None:
        return None
    for member in several:
        if member.is_called(pick):
            return member
    named = ", ".join(member.name for member in several[:20]) or "the file describes one model only"
    raise UnknownModel(f"The file has no model {pick!r}; it has: {named}.")


def _understood(tree: Json, known: formats.Format | None, several: list[Member], member: Member | None, shape: str, remembered: Memory | None) -> Understood:
    if known:
        return Understood(rules=known.rules_for(several[0] if len(several) == 1 else member), format=known.name)
    if remembered and not several and (rules := remembered(shape)):
        try:
            return Understood(rules=checked(rules), remembered=True)
        except UnsoundMapping:
            pass  # a mapping that this release no longer takes is found anew
    draft = match(tree, member, several)
    return Understood(rules=checked(draft.rules()), is_model=draft.is_model())


def _shown(parsed: Parsed, understood: Understood, found: Collector, several: list[Member], member: Member | None, shape: str, name: str) -> ImportPreview:
    document, values = found.document()
    if understood.is_model:
        document, values = _named(document, values, name)
        _check(document)
    used = {*(value.source for value in values.values()), *found.keys} if understood.is_model else set()
    conflicts = [*found.contradictions, *contradictions(document, values)] if understood.is_model else []
    asked = None if not several else [one.name for one in several]
    return ImportPreview(
        document=document if understood.is_model else None,
        provenance=_provenance(values) if understood.is_model else {},
        transforms={target: value.transform for target, value in values.items() if value.transform and value.transform != _FILE} if understood.is_model else {},
        unmapped=[text(path) for path, _ in leaves(parsed.tree) if path not in used],
        contradictions=conflicts,
        several_models=asked,
        picked=member.name if member else None,
        format=understood.format,
        mapping=[_plain(rule) for rule in understood.rules],
        remembered=understood.remembered,
        fingerprint=shape,
        sha256=parsed.sha256,
        warnings=parsed.warnings,
        questions=list(_questions(understood, asked if member is None else None, len(conflicts))),
    )


def _plain(rule: Rule) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(rule)
    return built


_FILE: Final = "file:"
"""The transform, and the beginning of the source, of a name that is the file's own."""


def _named(document: dict[str, Any], values: dict[str, Value], name: str) -> tuple[dict[str, Any], dict[str, Value]]:
    """A document has a name; where the file gives none, its own name serves, and the provenance says so."""
    if "name" not in document:
        own = (PurePath(name).stem or "model")[:200]
        document, values = {"name": own, **document}, {"/name": Value(own, (PurePath(name).name,), _FILE), **values}
    return {"schema_version": SCHEMA_VERSION, **document}, values


def _provenance(values: dict[str, Value]) -> dict[str, str]:
    written = {value.source: text(value.source) for value in values.values()}
    return {target: written[value.source] if value.transform != _FILE else _FILE + str(value.source[0]) for target, value in values.items()}


def _check(document: dict[str, Any]) -> None:
    if wrong := quick_issues(document):
        raise UnsoundDocument(f"What was understood makes no model document: {wrong[0].pointer} {wrong[0].message}.", issues=wrong)


def _questions(understood: Understood, several: list[str] | None, conflicts: int) -> list[str]:
    found = []
    if several:
        found.append(f"The file describes {len(several)} models ({', '.join(several[:8])}{', …' if len(several) > 8 else ''}). Which one?")
    if not understood.is_model:
        found.append("The file does not describe a model: it names neither an algorithm nor figures of one. Is it the right file?")
    if conflicts:
        found.append(f"{conflicts} thing{'s' if conflicts > 1 else ''} in the file cannot be true together. Which holds?")
    return found
