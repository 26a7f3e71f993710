"""A file's shape without its strings. Mappings are remembered by shape. Maps keyed by data (features, classes, runs) and trees are collapsed, so that two files
of one kind have one shape.
"""

import hashlib
import json
from typing import Any, Final

from backend.importing.transforms import is_date, is_number, is_percent
from backend.importing.vocabulary import VOCABULARY, words
from schemas.common import Json

_MAP_FROM = 4
"""A map with this many entries of one shape, and without keys in the vocabulary, is keyed by data."""
_ITEMS = 50


def _gathered(table: Any) -> set[str]:
    if isinstance(table, dict):
        return {words(str(key)) for key in table} | {word for value in table.values() for word in _gathered(value)}
    return {str(word) for word in table}


KNOWN: Final = frozenset(_gathered(VOCABULARY))


def fingerprint(tree: Json) -> str:
    """Return the SHA-256 (hex) of the file's canonical shape. It is the same for two files of one kind with other values and data keys."""
    return hashlib.sha256(json.dumps(shape(tree), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def shape(node: Json, above: tuple[str, ...] = ()) -> Json:
    """Return the tree with types in place of values: `number`, `string`, `number-string`, `percent-string`, `date-string`, `boolean`, `null`; with `*` in place
    of keys that are data, and `^` in place of a tree's inner nodes.
    """
    if isinstance(node, dict):
        below = {key: "^" if key in above and isinstance(value, (dict, list)) else shape(value, (*above, key)) for key, value in node.items()}
        return _collapsed(below)
    if isinstance(node, list):
        merged: Json = None
        for item in node[:_ITEMS]:
            merged = union(merged, shape(item, above))
        return [merged] if node else []
    return type_of(node)


def type_of(value: Json) -> str:
    """Return a value's type; for a text also its notation."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "percent-string" if is_percent(value) else "number-string" if is_number(value) else "date-string" if is_date(value) else "string"


def _collapsed(below: dict[str, Json]) -> Json:
    data = [key for key in below if words(key) not in KNOWN]
    if len(below) < _MAP_FROM or len(data) * 10 < len(below) * 9 or not alike(list(below.values())):
        return below
    merged: Json = None
    for value in below.values():
        merged = union(merged, value)
    return {"*": merged}


def alike(shapes: list[Json]) -> bool:
    """Return whether both have the same shape at their first level."""
    kinds = {json.dumps(_flattened(one), sort_keys=True) for one in shapes[:_ITEMS] if one != "null"}
    return len(kinds) <= 1


def _flattened(one: Json) -> Json:
    return sorted(one) if isinstance(one, dict) else "[]" if isinstance(one, list) else one


def union(one: Json, other: Json) -> Json:
    """Return the union of two shapes; a list of types where they differ."""
    if one is None or one == other:
        return other
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: union(one.get(key), other[key]) if key in other else one[key] for key in (*one, *(key for key in other if key not in one))}
    if isinstance(one, list) and isinstance(other, list) and len(one) <= 1 and len(other) <= 1:
        return [union(one[0], other[0])] if one and other else one or other
    kinds = {json.dumps(kind, sort_keys=True) for side in (one, other) for kind in (side["|"] if isinstance(side, dict) and list(side) == ["|"] else [side])}
    return {"|": [json.loads(kind) for kind in sorted(kinds)]}
