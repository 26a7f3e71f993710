"""The places of a model document and the values that each takes, from the JSON Schema."""

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from backend.importing.pointers import steps
from backend.importing.vocabulary import METRICS, VOCABULARY
from schemas.common import Json
from schemas.model_document import ModelDocument

SCHEMA: Final[dict[str, Any]] = msgspec.json.schema(ModelDocument)
"""The JSON Schema (2020-12) of a model document, as in the contract."""

_PYTHON_TYPES: Final[Mapping[str, tuple[type, ...]]] = {"string": (str,), "number": (int, float), "integer": (int,), "boolean": (bool,), "null": ()}


class Leaf(msgspec.Struct, frozen=True):
    """The values of one place: their kinds, the words of an enumeration, bounds."""

    kinds: frozenset[str]
    words: frozenset[str] = frozenset()
    low: float = -math.inf
    high: float = math.inf
    shortest: int = 0
    longest: int = 100_000
    pattern: str = ""

    def takes(self, value: Json) -> bool:
        """Return whether this value is valid here. A place that takes any value takes containers too."""
        if self.words:
            return isinstance(value, str) and value in self.words
        if "any" in self.kinds:
            return True
        if isinstance(value, bool):
            return "boolean" in self.kinds
        if isinstance(value, str):
            return "string" in self.kinds and self.shortest <= len(value) <= self.longest
        if isinstance(value, (int, float)):
            fits = "number" in self.kinds or ("integer" in self.kinds and isinstance(value, int))
            return fits and self.low <= value <= self.high
        return False

    def takes_key(self, key: str) -> bool:
        """Return whether a key of the file may be a key here. A key with control characters may not; the rest of the file is read without it."""
        return not self.pattern or re.search(self.pattern, key) is not None


class Targets:
    """Looks a place up by its pointer, in which `*` (or any index or key) stands for one of many."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema

    @lru_cache(maxsize=4096)  # noqa: B019  there is one, for good
    def find(self, target: str) -> Leaf | None:
        """Return the leaf of the place; None when a model document has no such place."""
        found = [self._schema]
        for step in steps(target):
            found = [below for node in found for option in self._options(node) for below in self._down(option, step)]
        options = [option for node in found for option in self._options(node)]
        return _leaf(options) if options else None

    def _options(self, node: dict[str, Any]) -> list[dict[str, Any]]:
        if "$ref" in node:
            return self._options(self._schema["$defs"][node["$ref"].rsplit("/", 1)[1]])
        return [option for below in node["anyOf"] for option in self._options(below)] if "anyOf" in node else [node]

    @staticmethod
    def _down(node: dict[str, Any], step: str) -> list[dict[str, Any]]:
        if node.get("type") == "array":
            return [node.get("items", {})] if step == "*" or (step.isascii() and step.isdigit()) else []
        if step in node.get("properties", {}):
            return [node["properties"][step]]
        if node.get("type") == "object" and "properties" not in node:
            extra = node.get("additionalProperties", {})
            return [extra if isinstance(extra, dict) else {}]
        return [node] if node == {} else []


def _leaf(options: list[dict[str, Any]]) -> Leaf:
    kinds = {str(option.get("type", "string" if "enum" in option or "const" in option else "any")) for option in options}
    if any(option == {} or (option.get("type") == "object" and "properties" not in option) for option in options):
        kinds.add("any")
    words = {word for option in options for word in option.get("enum", [option["const"]] if "const" in option else []) if word is not None}
    low = max((float(option["minimum"]) for option in options if "minimum" in option), default=-math.inf)
    high = min((float(option["maximum"]) for option in options if "maximum" in option), default=math.inf)
    shortest = max((int(option.get("minLength", 0)) for option in options), default=0)
    longest = min((int(option.get("maxLength", 100_000)) for option in options), default=100_000)
    pattern = next((str(option["pattern"]) for option in options if "pattern" in option), "")
    return Leaf(frozenset(kinds), frozenset(words), low, high, shortest, longest, pattern)


TARGETS: Final = Targets(SCHEMA)

_VOCABULARIES: Final[Mapping[str, frozenset[str]]] = {
    "/metrics/*/name": frozenset(METRICS.values()),
    "/metrics/*/average": frozenset(VOCABULARY["modifiers"]["averages"]),
    "/algorithm/framework": frozenset([*VOCABULARY["words"]["library"], *VOCABULARY["words"]["library_name"]]),
    "/features/*/importance/*/method": frozenset(VOCABULARY["methods"]),
    "/charts/*/method": frozenset(VOCABULARY["methods"]),
    "/training/split_rows/*": frozenset(VOCABULARY["splits"]),
}


_OWN: Final = frozenset(("schema_version", "lineage", "provenance", "transforms", "unmapped"))


def writable(target: str) -> bool:
    """Return whether an import may write there. Only the hub writes a document's origin."""
    return target.split("/", 2)[1:2] != [] and target.split("/", 2)[1] not in _OWN


def is_word(target: str, word: str) -> bool:
    """Return whether a mapping may write this word as a constant: members of enumerations, and the hub's names of metrics and tools."""
    leaf = TARGETS.find(target)
    if word in (leaf.words if leaf else ()):
        return True
    known = _VOCABULARIES.get("/".join("*" if step.isdigit() else step for step in target.split("/")))
    return known is not None and word in known
