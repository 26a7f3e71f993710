"""A file's shape without its strings: what a mapping is remembered under, and all that a language model is ever shown of a file.

Maps whose keys are data (features, classes, runs) and trees that repeat themselves are collapsed, so that two files of one kind have one shape.
"""

import hashlib
import json
import re
from functools import lru_cache
from typing import Any, Final

from backend.importing.transforms import is_date, is_number, is_percent
from backend.importing.vocabulary import VOCABULARY, words
from schemas.common import Json

_MAP_FROM = 4
"""A map with this many entries of one shape, whose keys are no words of the vocabulary, is keyed by data."""
_ITEMS = 50
_KEY = re.compile(r"[A-Za-z_@$][\w .:@/()%-]{0,63}")


def _gathered(table: Any) -> set[str]:
    if isinstance(table, dict):
        return {words(str(key)) for key in table} | {word for value in table.values() for word in _gathered(value)}
    return {str(word) for word in table}


_KNOWN: Final = frozenset(_gathered(VOCABULARY))


def fingerprint(tree: Json) -> str:
    """SHA-256 (hex) of the file's canonical shape: the same for two files of one kind, whatever their values and data keys."""
    return hashlib.sha256(json.dumps(shape(tree), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def shape(node: Json, above: tuple[str, ...] = ()) -> Json:
    """Types in the place of values: `number`, `string`, `number-string`, `percent-string`, `date-string`, `boolean`, `null`; `*` in the place of keys that
    are data, `^` in the place of a tree's inner nodes.
    """
    if isinstance(node, dict):
        below = {key: "^" if key in above and isinstance(value, (dict, list)) else shape(value, (*above, key)) for key, value in node.items()}
        return _collapsed(below)
    if isinstance(node, list):
        merged: Json = None
        for item in node[:_ITEMS]:
            merged = _merged(merged, shape(item, above))
        return [merged] if node else []
    return _type(node)


def _type(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "percent-string" if is_percent(value) else "number-string" if is_number(value) else "date-string" if is_date(value) else "string"


def _collapsed(below: dict[str, Json]) -> Json:
    data = [key for key in below if words(key) not in _KNOWN]
    if len(below) < _MAP_FROM or len(data) * 10 < len(below) * 9 or not _alike(list(below.values())):
        return below
    merged: Json = None
    for value in below.values():
        merged = _merged(merged, value)
    return {"*": merged}


def _alike(shapes: list[Json]) -> bool:
    kinds = {json.dumps(_flattened(one), sort_keys=True) for one in shapes[:_ITEMS] if one != "null"}
    return len(kinds) <= 1


def _flattened(one: Json) -> Json:
    return sorted(one) if isinstance(one, dict) else "[]" if isinstance(one, list) else one


def _merged(one: Json, other: Json) -> Json:
    """The union of two shapes; a list of types where they differ."""
    if one is None or one == other:
        return other
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: _merged(one.get(key), other[key]) if key in other else one[key] for key in (*one, *(key for key in other if key not in one))}
    if isinstance(one, list) and isinstance(other, list) and len(one) <= 1 and len(other) <= 1:
        return [_merged(one[0], other[0])] if one and other else one or other
    kinds = {json.dumps(kind, sort_keys=True) for side in (one, other) for kind in (side["|"] if isinstance(side, dict) and list(side) == ["|"] else [side])}
    return {"|": [json.loads(kind) for kind in sorted(kinds)]}


@lru_cache(maxsize=20_000)
def _speakable(key: str) -> bool:
    """Is a key a heading, as opposed to data (a person's name, a number, a category, free text)? Only the hub's own words are, beside short numbers."""
    tokens = words(key).split("_")
    return bool(_KEY.fullmatch(key)) and any(token in _WORDS for token in tokens) and all(token in _WORDS or _SHORT.fullmatch(token) for token in tokens)


_SHORT = re.compile(r"[0-9]{1,2}")
_WORDS: Final = frozenset(token for word in _KNOWN for token in word.split("_") if token and not token.isdigit())


class Speech:
    """Says what a file looks like, in the hub's own words: each key that may be data is `<key 1>`, `<key 2>`, … , the same one wherever it stands."""

    def __init__(self) -> None:
        self._placeholders: dict[str, str] = {}
        self._meant: dict[str, str] = {}

    def of(self, tree: Json) -> Json:
        """What may leave the house of a file: its shape; strings only where they are the hub's own words."""
        return self._spoken(shape(tree))

    def _spoken(self, node: Json) -> Json:
        if isinstance(node, dict):
            return {self.key(str(key)): self._spoken(value) for key, value in node.items()}
        return [self._spoken(value) for value in node] if isinstance(node, list) else node

    def key(self, key: str) -> str:
        """A key as it is said."""
        if key in ("*", "|") or _speakable(key):
            return key
        if key not in self._placeholders:
            self._placeholders[key] = said = f"<key {len(self._placeholders) + 1}>"
            self._meant[said] = key
        return self._placeholders[key]

    def meant(self, said: str) -> str:
        """The file's own key for one that was said; any other stays as it is."""
        return self._meant.get(said, said)


def skeleton(tree: Json) -> Json:
    """What may leave the house: the shape, with keys that look like data as `<key 1>`, `<key 2>`, …; strings only where they are the hub's own words."""
    return Speech().of(tree)
