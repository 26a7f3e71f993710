"""Checks the rules that a language model proposes. They are input like any other: each must pass before it joins a mapping, and none can contain a value."""

import time
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from backend.importing.apply import apply
from backend.importing.collect import Collector
from backend.importing.document_places import is_word
from backend.importing.errors import MappingTooCostly
from backend.importing.pointers import matches, steps, text
from backend.importing.rules import problems
from backend.importing.speech import Speech
from backend.importing.validate import quick_issues
from backend.importing.vocabulary import words
from schemas.common import Json
from schemas.mapping import MappingPart, MappingRule, RefusedRule, Transform

MAX_PROPOSED: Final = 200
_SECONDS: Final = 10.0
_ROW_KINDS: Final = ("rows", "zip", "pairs", "columnar")
_ROW_TARGETS: Final = ("/metrics/*", "/features/*", "/charts/*", "/owners/*")
_NEEDED: Final = ("name", "value", "", "*")
"""Parts that a row requires."""
Proposable = Literal["scalar", "rows", "zip", "pairs", "columnar", "confusion", "split_from_key", "const"]


class ProposedPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field of a row, in the form of the request."""

    target: str
    source: str | None
    key: int | None
    const: str | None
    transform: Transform | None
    words: str | None = None
    """Meanings of the file's words: `zahl=number; kategorie=category`."""


class ProposedRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule in the form of the request: every field is present, and null where it does not apply."""

    kind: Proposable
    source: str
    target: str | None
    transform: Transform | None
    const: str | None
    parts: list[ProposedPart] | None
    words: str | None = None


class RuledProposal(msgspec.Struct):
    """The result of checking a proposal. `reasons` are the refusals for the model: they use the model's words, and none of the file's."""

    accepted: list[MappingRule] = []
    refused: list[RefusedRule] = []
    dropped: list[RefusedRule] = []
    """Parts left out of accepted rules, with the reasons; the rest of their rows stays."""
    reasons: list[str] = []


def judge(answer: Json, tree: Json, base: Sequence[MappingRule], speech: Speech) -> RuledProposal:
    """Sort a proposal's rules into accepted and refused ones."""
    judged = RuledProposal()
    started = time.monotonic()
    good: list[tuple[Json, MappingRule]] = []
    for raw in answer["rules"][:MAX_PROPOSED]:
        rule, reason = _read(raw, tree, speech, judged.dropped)
        if rule is not None and time.monotonic() - started > _SECONDS:
            rule, reason = None, "there was no time left to check it"
        if rule is None:
            judged.refused.append(RefusedRule(rule=_translated_raw(raw, speech), reason=reason))
            judged.reasons.append(f"{msgspec.json.encode(raw)[:300].decode(errors='replace')}: {reason}")
        else:
            good.append((raw, rule))
    before = _sound(base, tree)
    if before is None or _joins([rule for _, rule in good], base, tree, len(before.contradictions)):
        judged.accepted = [rule for _, rule in good]
        return judged
    for raw, rule in good:
        if time.monotonic() - started < _SECONDS and _joins([*judged.accepted, rule], base, tree, len(before.contradictions)):
            judged.accepted.append(rule)
            continue
        reason = "it says something else than what the hub read by itself, or makes no valid document"
        judged.refused.append(RefusedRule(rule=_translated_raw(raw, speech), reason=reason))
        judged.reasons.append(f"{msgspec.json.encode(raw)[:300].decode(errors='replace')}: {reason}")
    return judged


def _read(raw: Json, tree: Json, speech: Speech, dropped: list[RefusedRule]) -> tuple[MappingRule | None, str]:
    try:
        said = msgspec.convert(raw, ProposedRule)
    except msgspec.ValidationError as error:
        return None, f"this is no mapping rule: {error}"
    rule, left_out = _with_sound_parts(_rule(said))
    if issues := problems([rule]):
        return None, issues[0].message
    if any(part.const is not None and not is_word(f"{rule.target}/{part.target}", part.const) for part in rule.parts if part.target == "name"):
        return None, "a constant name is one of the hub's metrics; take another name from the file, by key or source"
    rule = _translated(rule, speech)
    if next(iter(matches(tree, steps(rule.source))), None) is None:
        return None, "the file has nothing at its source"
    try:
        alone = apply([rule], tree)
    except MappingTooCostly:
        return None, "it takes too long to apply"
    leaves = alone.document()[1]
    if not leaves:
        return None, "nothing at its source is of the kind that its target takes"
    for part in rule.parts if rule.kind in _ROW_KINDS and rule.target in _ROW_TARGETS else []:
        if not any(target.split("/", 3)[3].startswith(part.target) for target in leaves):
            if part.target in _NEEDED or rule.target == "/charts/*":
                return None, f"its part {part.target!r} finds nothing"
            rule = msgspec.structs.replace(rule, parts=[one for one in rule.parts if one is not part])
            left_out.append((part, f"the part {part.target!r} finds nothing"))
    dropped += [RefusedRule(rule=_translated_raw(msgspec.to_builtins(part), speech), reason=reason) for part, reason in left_out]
    return rule, ""


def _with_sound_parts(rule: MappingRule) -> tuple[MappingRule, list[tuple[MappingPart, str]]]:
    """Return the rule without its unsound parts. A part that a row requires stays, and the rule is refused because of it."""
    left_out = []
    for part in rule.parts if rule.kind in _ROW_KINDS else []:
        issues = problems([msgspec.structs.replace(rule, parts=[part])])
        if part.target not in _NEEDED and any(issue.pointer.startswith("/0/parts/0") for issue in issues):
            left_out.append((part, issues[0].message))
    gone = {id(part) for part, _ in left_out}
    return msgspec.structs.replace(rule, parts=[part for part in rule.parts if id(part) not in gone]), left_out


def _words(said: str | None, target: str) -> dict[str, str]:
    """Return `zahl=number; kategorie=category` as a dict, with only the meanings that the target takes."""
    pairs = [one.partition("=") for one in (said or "")[:2_000].split(";")]
    return {words(file): meaning.strip() for file, _, meaning in pairs if words(file) and is_word(target, meaning.strip())}


def _rule(said: ProposedRule) -> MappingRule:
    target = said.target or ""
    parts = [
        MappingPart(
            target=one.target,
            source=one.source or "",
            key=one.key,
            const=one.const,
            transform=one.transform,
            words=_words(one.words, target if one.target in ("", "*") else f"{target}/{one.target}"),
        )
        for one in said.parts or []
    ]
    table = _words(said.words, target)
    return MappingRule(kind=said.kind, source=said.source, target=target, transform=said.transform, const=said.const, parts=parts, words=table)


def _translated(rule: MappingRule, speech: Speech) -> MappingRule:
    """Return the rule with the file's own keys in place of the placeholders that the model saw."""
    parts = [msgspec.structs.replace(part, source=_meant(part.source, speech)) for part in rule.parts]
    return msgspec.structs.replace(rule, source=_meant(rule.source, speech), target=_meant(rule.target, speech), parts=parts)


def _meant(pointer: str, speech: Speech) -> str:
    meant = text(tuple(speech.meant(step) for step in steps(pointer)))
    return meant if pointer.startswith("/") or not pointer else meant[1:]


def _translated_raw(raw: Json, speech: Speech) -> Json:
    """Return a proposal for a person, with the file's own keys."""
    if isinstance(raw, dict):
        return {key: _translated_raw(value, speech) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_translated_raw(value, speech) for value in raw]
    return _meant(raw, speech) if isinstance(raw, str) and "<key " in raw else raw


def _sound(rules: Sequence[MappingRule], tree: Json) -> Collector | None:
    """Return the finds of the rules if they make a valid document, else None."""
    try:
        found = apply(rules, tree)
    except MappingTooCostly:
        return None
    document: dict[str, Any] = {"name": "model", **found.document()[0]}
    return None if quick_issues(document) else found


def _joins(more: Sequence[MappingRule], base: Sequence[MappingRule], tree: Json, contradictions: int) -> bool:
    """Return whether the new rules agree with the earlier ones."""
    together = _sound([*base, *more], tree)
    return together is not None and len(together.contradictions) <= contradictions
