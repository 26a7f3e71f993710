"""Applies a person's decisions about a file's values to the document. Values that they did not name stay as they are."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec

from backend.importing.collect import Value
from backend.importing.document_places import TARGETS
from backend.importing.errors import UnsoundDecision
from backend.importing.pointers import MISSING, Path, real, resolve, steps, text
from backend.importing.transforms import Refused, hundredth, number
from schemas.common import Issue, Json
from schemas.importing import Contradiction, Decision

PERSON: Final = "person:"
"""The transform, and the prefix of the source, of a value that a person confirmed."""
_NEEDED_BY_ROWS: Final = {"metrics": ("name", "value"), "features": ("name",), "owners": ("name",), "charts": None}
"""The required fields of a row; in a chart every field is required."""
READINGS: Final = ("thousands", "decimal", "as_written")
"""Choices about the reading of a value, applied before any rule takes it."""
_WORD_TRANSFORMS: Final = ("const", "key")
"""Transforms that take words beside the value at their source."""

Document = dict[str, Any]
Values = dict[str, Value]


class Corrections(msgspec.Struct, frozen=True):
    """A person's decisions."""

    decisions: Sequence[Decision] = ()

    def carried_out(self, document: Document, values: Values, conflicts: list[Contradiction], tree: Json) -> tuple[Document, Values, list[Contradiction]]:
        """Return the document, its leaves, and the contradictions that remain. Raises UnsoundDecision."""
        before = dict(values)
        taken: dict[Path, Value] = {value.source: value for value in before.values() if value.transform not in _WORD_TRANSFORMS}
        gone: list[str] = []
        for at, decision in enumerate(self.decisions):
            if decision.choice in READINGS:
                continue
            source = real(tree, steps(decision.source))
            targets = [target for target, value in before.items() if value.source == source]
            if decision.choice == "keep":
                continue
            if decision.choice == "percent" and any(before[target].transform == "percent" for target in targets):
                continue
            if not targets and not any(claim.pointer == decision.source for one in conflicts for claim in one.claims):
                raise _wrong(at, "source", f"nothing in the document comes from {decision.source or 'there'}")
            if decision.choice == "leave_out":
                gone += targets
                continue
            for target in targets:
                if before[target].transform not in _WORD_TRANSFORMS:
                    _put(document, values, target, _other(at, decision, taken, tree) if decision.choice == "take" else _percentage(at, before[target], target))
        values = _without(document, values, gone)
        return document, values, [one for one in conflicts if not self._resolves(one, values)]

    def _resolves(self, conflict: Contradiction, values: Values) -> bool:
        """Return whether a decision removed one of the two contradicting statements."""
        if conflict.unclear:
            return any(claim.pointer == decision.source and decision.choice != "keep" for decision in self.decisions for claim in conflict.claims)
        if any(claim.pointer == decision.source for decision in self.decisions if decision.choice in ("take", "leave_out") for claim in conflict.claims):
            return True
        percents = {decision.source for decision in self.decisions if decision.choice == "percent"}
        said = [_hundredth(claim.value) if claim.pointer in percents else claim.value for claim in conflict.claims]
        return bool(percents) and all(one == said[0] for one in said)

    def settled(self, conflicts: list[Contradiction]) -> list[Contradiction]:
        """Return the contradictions, and mark those that a person accepts."""
        kept = {decision.source for decision in self.decisions if decision.choice == "keep"}
        return [msgspec.structs.replace(one, settled=any(claim.pointer in kept for claim in one.claims)) for one in conflicts]


NONE: Final = Corrections()


def readings(decisions: Sequence[Decision], tree: Json) -> dict[Path, str]:
    """Return the readings that persons chose for values with two readings."""
    return {real(tree, steps(one.source)): one.choice for one in decisions if one.choice in (*READINGS, "percent")}


def _hundredth(value: Json) -> Json:
    try:
        return hundredth(value)
    except Refused:
        return value


def _wrong(at: int, field: str, message: str) -> UnsoundDecision:
    return UnsoundDecision(f"A decision cannot be carried out: {message}.", issues=[Issue(pointer=f"/decisions/{at}/{field}", message=message)])


def _other(at: int, decision: Decision, taken: dict[Path, Value], tree: Json) -> Callable[[str], Value]:
    source = real(tree, steps(decision.other or ""))
    found = resolve(tree, source)
    if decision.other is None or found is MISSING or isinstance(found, (dict, list)):
        raise _wrong(at, "other", "`take` needs `other`: the place of the right value in the file")

    def made(target: str) -> Value:
        """Return the value as the document already has it, else in the notation of the place."""
        leaf = TARGETS.find(target)
        value = taken.get(source) or Value(found, source)
        if leaf is not None and not leaf.takes(value.value) and isinstance(found, str):
            with suppress(Refused):
                value = Value(number(found), source, "number")
        if leaf is None or not leaf.takes(value.value):
            raise _wrong(at, "other", f"{text(source)} holds {str(found)[:40]!r}, which {target} does not take")
        return value

    return made


def _percentage(at: int, value: Value, target: str) -> Callable[[str], Value]:
    if isinstance(value.value, bool) or not isinstance(value.value, (int, float)):
        raise _wrong(at, "source", f"{target} is no number")
    return lambda _: Value(hundredth(value.value), value.source, "percent")


def _put(document: Document, values: Values, target: str, make: Callable[[str], Value]) -> None:
    value = make(target)
    path = steps(target)
    above = resolve(document, path[:-1])
    above[int(path[-1]) if isinstance(above, list) else path[-1]] = value.value
    values[target] = value


def _without(document: Document, values: Values, targets: Sequence[str]) -> Values:
    """Remove leaves, and everything that requires them; lists close up."""
    whole = sorted({_least(document, steps(target)) for target in targets}, key=_from_the_end, reverse=True)
    for path in whole:
        if resolve(document, path) is not MISSING:
            values = _removed(document, values, path)
    return values


def _from_the_end(path: tuple[str, ...]) -> list[tuple[int, str]]:
    return [(int(step), "") if step.isdigit() else (-1, step) for step in path]


def _least(document: Document, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the smallest removable part: the row that requires the leaf, both halves of an interval, else the leaf itself."""
    if path[0] in _NEEDED_BY_ROWS:
        needed = _NEEDED_BY_ROWS[path[0]]
        if needed is None or path[2] in needed:
            return path[:2]
        if path[2] == "importance":
            return path[:4]
    if "ci" in path:
        return path[: path.index("ci") + 1]
    return path


def _removed(document: Document, values: Values, path: tuple[str, ...]) -> Values:
    above = resolve(document, path[:-1])
    if isinstance(above, list):
        del above[int(path[-1])]
    else:
        del above[path[-1]]
    pointer, within = text(path), text(path[:-1])
    kept = {target: value for target, value in values.items() if target != pointer and not target.startswith(f"{pointer}/")}
    if isinstance(above, list):
        kept = {_closed_up(target, within, int(path[-1])): value for target, value in kept.items()}
    if not above and len(path) > 1:
        return _removed(document, kept, path[:-1])
    return kept


def _closed_up(target: str, within: str, gone: int) -> str:
    if not target.startswith(f"{within}/"):
        return target
    index, slash, rest = target[len(within) + 1 :].partition("/")
    return f"{within}/{int(index) - (int(index) > gone)}{slash}{rest}"
