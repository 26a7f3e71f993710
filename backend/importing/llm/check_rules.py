"""What a language model proposes is input like any other: each rule is checked before it may join a mapping, and nothing it says is a value."""

import time
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from backend.importing.apply import apply
from backend.importing.collect import Collector
from backend.importing.errors import MappingTooCostly
from backend.importing.pointers import matches, steps, text
from backend.importing.rules import problems
from backend.importing.skeleton import Speech
from backend.importing.validate import quick_issues
from schemas.common import Json
from schemas.mapping import MappingPart, MappingRule, RefusedRule, Transform

MAX_PROPOSED: Final = 200
_SECONDS: Final = 10.0
_ROW_KINDS: Final = ("rows", "zip", "pairs", "columnar")
_ROWS: Final = ("/metrics/*", "/features/*", "/charts/*", "/owners/*")
Proposable = Literal["scalar", "rows", "zip", "pairs", "columnar", "confusion", "split_from_key", "const"]


class ProposedPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field of a row, as it is asked for."""

    target: str
    source: str | None
    key: int | None
    const: str | None
    transform: Transform | None


class ProposedRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule, as it is asked for: every field there, those that do not apply null."""

    kind: Proposable
    source: str
    target: str | None
    transform: Transform | None
    const: str | None
    parts: list[ProposedPart] | None


class Judged(msgspec.Struct):
    """What became of a proposal. `reasons` are the refusals as the model may be told them: in its own words, with none of the file's."""

    accepted: list[MappingRule] = []
    refused: list[RefusedRule] = []
    reasons: list[str] = []


def judge(answer: Json, tree: Json, base: Sequence[MappingRule], speech: Speech) -> Judged:
    """Sort a proposal's rules into those that the hub takes and those that it does not."""
    judged = Judged()
    started = time.monotonic()
    good: list[tuple[Json, MappingRule]] = []
    for raw in answer["rules"][:MAX_PROPOSED]:
        rule, reason = _read(raw, tree, speech)
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


def _read(raw: Json, tree: Json, speech: Speech) -> tuple[MappingRule | None, str]:
    try:
        said = msgspec.convert(raw, ProposedRule)
    except msgspec.ValidationError as error:
        return None, f"this is no mapping rule: {error}"
    rule = _rule(said)
    if issues := problems([rule]):
        return None, issues[0].message
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
    for part in rule.parts if rule.kind in _ROW_KINDS and rule.target in _ROWS else []:
        if not any(target.split("/", 3)[3].startswith(part.target) for target in leaves):
            return None, f"its part {part.target!r} finds nothing"
    return rule, ""


def _rule(said: ProposedRule) -> MappingRule:
    parts = [MappingPart(target=one.target, source=one.source or "", key=one.key, const=one.const, transform=one.transform) for one in said.parts or []]
    return MappingRule(kind=said.kind, source=said.source, target=said.target or "", transform=said.transform, const=said.const, parts=parts)


def _translated(rule: MappingRule, speech: Speech) -> MappingRule:
    """The rule with the file's own keys in the place of those it was told."""
    parts = [msgspec.structs.replace(part, source=_meant(part.source, speech)) for part in rule.parts]
    return msgspec.structs.replace(rule, source=_meant(rule.source, speech), target=_meant(rule.target, speech), parts=parts)


def _meant(pointer: str, speech: Speech) -> str:
    meant = text(tuple(speech.meant(step) for step in steps(pointer)))
    return meant if pointer.startswith("/") or not pointer else meant[1:]


def _translated_raw(raw: Json, speech: Speech) -> Json:
    """A proposal to show to a person: with the file's own keys."""
    if isinstance(raw, dict):
        return {key: _translated_raw(value, speech) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_translated_raw(value, speech) for value in raw]
    return _meant(raw, speech) if isinstance(raw, str) and "<key " in raw else raw


def _sound(rules: Sequence[MappingRule], tree: Json) -> Collector | None:
    """What the rules find, when it makes a valid document."""
    try:
        found = apply(rules, tree)
    except MappingTooCostly:
        return None
    document: dict[str, Any] = {"name": "model", **found.document()[0]}
    return None if quick_issues(document) else found


def _joins(more: Sequence[MappingRule], base: Sequence[MappingRule], tree: Json, contradictions: int) -> bool:
    """Do the rules agree with those that are there already?"""
    together = _sound([*base, *more], tree)
    return together is not None and len(together.contradictions) <= contradictions
