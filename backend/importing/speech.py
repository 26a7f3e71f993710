"""Describes a file to a language model: its shape, at the level that the tenant chose. A value is shown only if the tenant chose the whole file."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from backend.importing.skeleton import KNOWN, alike, shape, type_of, union
from backend.importing.vocabulary import words
from schemas.common import Json
from schemas.import_sharing import Shows

_ITEMS: Final = 50
_MANY: Final = 12
"""A map with this number of similar values, and without keys in the hub's vocabulary, is keyed by data. Four are enough for values that are objects."""
_MANY_OBJECTS: Final = 4
_LONGEST: Final = 60
_DATA: Final = re.compile(
    r"@"  # e-mail
    r"|\d{5,}|\d(?:[ \-./]?\d){6,}"  # long digits, telephone and account numbers
    r"|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}"  # dates
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-|\b(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{12,}\b"  # UUIDs, hashes
    r"|\b[A-Z]{2}\d{2}[ ]?[A-Z0-9]{4}"  # IBANs
    r"|://|[<>\"\n\t;?!{}\\]|[.,:] \w"  # addresses, markup, sentences
)
_PEOPLE: Final = re.compile(r"(?:[A-ZÀ-ÖØ-Þ][\w'’.\-]+ ){1,2}[A-ZÀ-ÖØ-Þ][\w'’\-]+")
_WORD: Final = re.compile(r"[a-z][a-z0-9_:+ \-]{0,30}")
_ENUMERATED: Final = frozenset(
    ("type", "algorithm", "split", "task", "framework", "library", "objective", "dtype", "kind", "model_type", "task_type", "problem_type", "set", "average")
)


def is_data(key: str) -> bool:
    """Return whether a key looks like data rather than a heading: an address, a number, a date, an identifier, free text."""
    return not key.strip() or len(key) > _LONGEST or len(key.split()) > 6 or _DATA.search(key) is not None or not any(letter.isalpha() for letter in key)


@lru_cache(maxsize=20_000)
def _speakable(key: str) -> bool:
    """Return whether the key may be shown at the level `vocabulary`: only the hub's own words, and short numbers."""
    tokens = words(key).split("_")
    return (
        bool(_KEY.fullmatch(key))
        and any(token in _KNOWN_WORDS for token in tokens)
        and all(token in _KNOWN_WORDS or _SHORT.fullmatch(token) for token in tokens)
    )


_KEY: Final = re.compile(r"[A-Za-zÀ-ɏ_@$][\w .:@/()%-]{0,63}")
_SHORT: Final = re.compile(r"[0-9]{1,2}")
_KNOWN_WORDS: Final = frozenset(token for word in KNOWN for token in word.split("_") if token and not token.isdigit())


class Speech:
    """Describes a file's shape. Each hidden key is `<key 1>`, `<key 2>`, …, the same at all its places."""

    def __init__(self, shows: Shows = Shows.KEYS, short_words: bool = False, meant: Mapping[str, str] | None = None) -> None:
        """`meant`: the meanings of an earlier speech's placeholders."""
        self.shows = shows
        self.short_words = short_words
        self.placeholders: dict[str, str] = dict(meant or {})
        """The file's key for each placeholder."""
        self._said: dict[str, str] = {key: said for said, key in self.placeholders.items()}
        self._hidden: set[str] = set()

    def of(self, tree: Json) -> Json:
        """Return the part of a file that may leave the hub."""
        if self.shows is Shows.FILE:
            return tree
        return self._spoken(shape(tree) if self.shows is Shows.VOCABULARY else self._shape(tree, ""))

    def _shape(self, node: Json, heading: str, above: tuple[str, ...] = ()) -> Json:
        """Return the tree with types in place of values. Keys stay, except those of maps with many similar entries, which are data."""
        if isinstance(node, dict):
            below = {key: "^" if key in above and isinstance(one, (dict, list)) else self._shape(one, key, (*above, key)) for key, one in node.items()}
            return self._collapsed(below)
        if isinstance(node, list):
            found: Json = None
            for item in node[:_ITEMS]:
                found = union(found, self._shape(item, heading, above))
            return [found] if node else []
        if self.short_words and isinstance(node, str) and words(heading) in _ENUMERATED and _WORD.fullmatch(node):
            return f"= {node}"
        return type_of(node)

    def _collapsed(self, below: dict[str, Json]) -> Json:
        unknown = [key for key in below if words(key) not in KNOWN]
        if len(unknown) > 2 and all(_PEOPLE.fullmatch(key) for key in unknown) and alike([below[key] for key in unknown]):
            self._hidden |= set(unknown)
        objects = any(isinstance(one, (dict, list)) for one in below.values())
        if len(below) < (_MANY_OBJECTS if objects else _MANY) or len(unknown) * 10 < len(below) * 9 or not alike(list(below.values())):
            return below
        found: Json = None
        for value in below.values():
            found = union(found, value)
        return {"*": found}

    def _spoken(self, node: Json) -> Json:
        if isinstance(node, dict):
            return {self.key(str(key)): self._spoken(value) for key, value in node.items()}
        return [self._spoken(value) for value in node] if isinstance(node, list) else node

    def key(self, key: str) -> str:
        """Return a key as the language model sees it."""
        if key in ("*", "|") or self._is_shown(key):
            return key
        if key not in self._said:
            self._said[key] = said = f"<key {len(self._said) + 1}>"
            self.placeholders[said] = key
        return self._said[key]

    def _is_shown(self, key: str) -> bool:
        if self.shows is Shows.FILE:
            return True
        return _speakable(key) if self.shows is Shows.VOCABULARY else not is_data(key) and key not in self._hidden

    def meant(self, said: str) -> str:
        """Return the file's own key for a placeholder; any other text stays as it is."""
        return self.placeholders.get(said, said)


def skeleton(tree: Json, shows: Shows = Shows.VOCABULARY) -> Json:
    """Return the text that may leave the hub at a level: the shape, with hidden keys as `<key 1>`, `<key 2>`, …."""
    return Speech(shows).of(tree)
