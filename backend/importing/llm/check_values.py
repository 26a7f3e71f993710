"""Checks a document that a language model wrote, value by value, against the file. Values that the file does not contain stay out."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from backend.importing.collect import Collector, Row, Value
from backend.importing.corrections import PERSON
from backend.importing.document_places import TARGETS, is_word, writable
from backend.importing.numbers_in_text import numbers_in
from backend.importing.pointers import MISSING, Path, leaves, real, resolve, steps, text
from backend.importing.transforms import TRANSFORMS, Refused
from schemas.common import Json, Shape
from schemas.model_document import Chart, Feature, Metric, Owner

MAX_VALUES = 5_000
_ROW_SHAPES: Final[Mapping[str, Any]] = {"metrics": Metric, "features": Feature, "charts": Chart, "owners": Owner}
_TRIED: Final = ("number", "percent", "integer", "quantity", "count", "date", "lower", "text", "metric", "split", "task_type", "feature_type")
_COMMON: Final = frozenset((0, 1, 2, True, False))
"""Values that occur too often for a match to prove anything."""


class Written(Shape, frozen=True, kw_only=True):
    """A value of the document as the model wrote it. `source` is its place in the file; None if the file has none, with the `reason`."""

    target: str
    value: Json
    source: str | None = None
    transform: str | None = None
    reason: str = ""


def check(written: Sequence[Mapping[str, Any]], tree: Json) -> list[Written]:
    """Return each value with its place in the file, if it has one."""
    index = _index(tree)
    return [_checked(one, tree, index) for one in written[:MAX_VALUES]]


def _index(tree: Json) -> dict[Json, list[Path]]:
    """Return the places of each text and number."""
    found: dict[Json, list[Path]] = {}
    for path, value in leaves(tree):
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            found.setdefault(value, []).append(path)
    return found


def _checked(one: Mapping[str, Any], tree: Json, index: dict[Json, list[Path]]) -> Written:
    target, value = str(one["target"]), one["value"]
    claimed: str | None = one.get("source")
    leaf = TARGETS.find(target)
    if leaf is None or not writable(target):
        return Written(target=target, value=value, reason="a model document has no such place")
    if not leaf.takes(value):
        return Written(target=target, value=value, reason="this is no value that the place takes")
    said = resolve(tree, steps(claimed)) if claimed is not None else MISSING
    if claimed is not None and said is not MISSING and not isinstance(said, (dict, list)):
        how = _how(said, value)
        if how is not None:
            return Written(target=target, value=value, source=text(real(tree, steps(claimed))), transform=how or None)
    if said is not MISSING and isinstance(value, str) and claimed and _is_key(claimed, value):
        return Written(target=target, value=value, source=claimed, transform="key")
    if said is not MISSING and isinstance(value, str) and is_word(target, value):
        return Written(target=target, value=value, source=claimed, transform="const")
    places = index.get(value, []) if not isinstance(value, bool) and value not in _COMMON else []
    if len(places) == 1:
        return Written(target=target, value=value, source=text(places[0]))
    return Written(target=target, value=value, reason=_reason(claimed, said, len(places)))


def _is_key(claimed: str, value: str) -> bool:
    last = steps(claimed)[-1]
    return value == last or _how(last, value) is not None


def _how(said: Json, value: Json) -> str | None:
    """Return the transform from the file's text to the value: empty if both are equal, None if no transform fits."""
    if type(said) is type(value) and said == value:
        return ""
    for name in _TRIED:
        try:
            made = TRANSFORMS[name](said)
        except (Refused, OverflowError):
            continue
        if made == value and isinstance(made, bool) == isinstance(value, bool) and isinstance(made, str) == isinstance(value, str):
            return name
    if isinstance(said, str) and isinstance(value, (int, float)) and not isinstance(value, bool) and float(value) in numbers_in(said):
        return "quoted"
    return None


def _reason(claimed: str | None, said: Json, places: int) -> str:
    if places > 1:
        return f"the file has this value in {places} places, and the one named is not among them"
    if claimed is None:
        return "the file does not say this"
    return f"the file has nothing at {claimed}" if said is MISSING else f"at {claimed} the file says {str(said)[:60]!r}"


def gathered(written: Sequence[Written], confirmed: Mapping[str, str], tree: Json) -> Collector:
    """Return the values that the file contains or a person confirmed, in the shape of a document. A row without its required fields is left out."""
    found = Collector()
    found.shared_places = True
    rows: dict[tuple[str, int], Row] = {}
    for one in sorted(written, key=_in_order):
        value = _value(one, confirmed.get(one.target), tree)
        path = steps(one.target)
        if value is None:
            continue
        if path[0] in _ROW_SHAPES and len(path) > 2 and path[1].isdecimal():
            rows.setdefault((path[0], int(path[1])), {})["/".join(path[2:])] = value
        else:
            found.put(one.target, value)
    for (collection, _), row in sorted(rows.items(), key=lambda item: item[0]):
        if _is_whole(collection, row):
            found.add(f"/{collection}", row)
    return found


def _in_order(one: Written) -> list[tuple[int, str]]:
    return [(int(step), "") if step.isdecimal() and len(step) < 9 else (-1, step) for step in steps(one.target)]


def _value(one: Written, person: str | None, tree: Json) -> Value | None:
    if one.source is not None:
        return Value(one.value, real(tree, steps(one.source)), one.transform)
    return Value(one.value, (person,), PERSON) if person is not None else None


def _is_whole(collection: str, row: Row) -> bool:
    alone = Collector()
    alone.add(f"/{collection}", row)
    try:
        for made in alone.document()[0].get(collection, [None]):
            msgspec.convert(made, _ROW_SHAPES[collection])
    except msgspec.ValidationError:
        return False
    return True
