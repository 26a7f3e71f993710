"""Gathers values, each with its source, into the shape of a model document."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import msgspec

from backend.importing.pointers import Path, text
from backend.importing.targets import SCHEMA, TARGETS
from schemas.common import Json
from schemas.importing import Claim, Contradiction

MAX_ROWS = 20_000

_IDENTITY: Final = {
    "/metrics": ("name", "split", "slice", "class", "average", "threshold"),
    "/features": ("name",),
    "/owners": ("name",),
}
_ORDER: Final = tuple(SCHEMA["$defs"]["ModelDocument"]["properties"])
_RANK: Final = {
    name: rank for shape in ("ImageChart", "RocChart", "ConfusionChart", "Feature", "Metric") for rank, name in enumerate(SCHEMA["$defs"][shape]["properties"])
}
_NEEDED: Final = {"/metrics": ("name", "value"), "/features": ("name",), "/owners": ("name",)}


class Value(msgspec.Struct, frozen=True):
    """A value of the document, where in the file it stands, and how it was changed on its way."""

    value: Json
    source: Path
    transform: str | None = None


Row = dict[str, Value]


class Collector:
    """What a mapping has found. Nothing is ever overwritten: the first to say something counts, and who disagrees is kept."""

    def __init__(self) -> None:
        self.single: dict[str, Value] = {}
        self.rows: dict[str, dict[object, Row]] = {}
        self.contradictions: list[Contradiction] = []
        self.full = False
        self.keys: set[Path] = set()
        """Places in the file whose values became keys of the document."""
        self.lists: set[str] = set()
        """Places below free-form objects that hold lists, which no schema tells."""

    def put(self, target: str, found: Value) -> None:
        """A value at a place of its own; containers are put leaf by leaf."""
        before = self.single.get(target)
        if before is None:
            if len(self.single) >= MAX_ROWS:
                self.full = True
                return
            self.single[target] = found
        elif _number(before.value) and _number(found.value) and before.value != found.value:
            self._disagree(target, before, found)

    def add(self, collection: str, row: Row, existing: bool = False) -> None:
        """A row of `/metrics`, `/features`, `/charts` or `/owners`; one that is there already is completed."""
        table = self.rows.setdefault(collection, {})
        identity: object = tuple(_hashable(row.get(name)) for name in _IDENTITY[collection]) if collection in _IDENTITY else len(table)
        there = table.get(identity)
        if there is None:
            if len(table) >= MAX_ROWS:
                self.full = True
            elif not existing:
                table[identity] = dict(row)
            return
        taken = sum(name.startswith("importance/") and name.endswith("/value") for name in there)
        for name, found in row.items():
            name = name.replace("importance/0/", f"importance/{taken}/")
            if name not in there:
                there[name] = found
            elif name == "value" and there[name].value != found.value:
                self._disagree(f"{collection}/{_at(table, identity)}/value", there[name], found)

    def _disagree(self, target: str, before: Value, found: Value) -> None:
        claims = [Claim(pointer=text(one.source), value=one.value) for one in (before, found)]
        self.contradictions.append(Contradiction(target=target, message="the file says two different things here", claims=claims))

    def document(self) -> tuple[dict[str, Any], dict[str, Value]]:
        """The document as JSON values, and each of its leaves by pointer. Rows that lack what they need are left out."""
        document: dict[str, Any] = {}
        leaves: dict[str, Value] = {}
        for target, found in self._all():
            _set(document, target.split("/")[1:], found.value, self.lists)
            leaves[target] = found
        return {name: document[name] for name in _ORDER if name in document}, leaves

    def _all(self) -> Iterator[tuple[str, Value]]:
        yield from self.single.items()
        for collection, table in self.rows.items():
            whole = [row for row in table.values() if all(name in row for name in _NEEDED.get(collection, ()))]
            for at, row in enumerate(whole):
                complete = _complete(row)
                for name, found in sorted(complete.items(), key=_in_order):
                    yield f"{collection}/{at}/{name}", found


def _at(table: dict[object, Row], identity: object) -> int:
    return list(table).index(identity)


def _hashable(found: Value | None) -> object:
    return None if found is None else str(found.value) if isinstance(found.value, (dict, list)) else found.value


def _number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _complete(row: Row) -> Row:
    """Without half of an interval, which would be no interval, and without an importance whose value is missing."""
    halves = {name.removesuffix(end) for name in row for end in ("/low", "/high") if name.endswith(end)}
    broken = {half for half in halves if not (f"{half}/low" in row and f"{half}/high" in row)}
    return {name: found for name, found in row.items() if not any(name.startswith(f"{half}/") for half in broken)}


def _in_order(item: tuple[str, Value]) -> list[tuple[int, str]]:
    """As the schema has them; indices by their number."""
    return [(int(step), "") if step.isdigit() else (_RANK.get(step, 0), step) for step in item[0].split("/")]


def _set(document: dict[str, Any], path: list[str], value: Json, lists: set[str]) -> None:
    """Put a value; a step of digits is an index where the schema has a list. Values come in the order of their indices."""
    node: Any = document
    for at, step in enumerate(path):
        key = step.replace("~1", "/").replace("~0", "~")
        last = at == len(path) - 1
        below: Any = value if last else [] if _is_list(tuple(path[: at + 1]), lists) else {}
        if isinstance(node, list):
            if int(key) >= len(node):
                node.append(below)
            node = node[int(key)]
        else:
            node = node.setdefault(key, below)


def _is_list(path: tuple[str, ...], lists: set[str]) -> bool:
    if path[:2] == ("training", "hyperparameters") or path[0] == "extensions":
        return "/" + "/".join(path) in lists
    return _is_array("/" + "/".join("*" if step.isdigit() else step for step in path))


@lru_cache(maxsize=4096)
def _is_array(target: str) -> bool:
    leaf = TARGETS.find(target)
    return leaf is not None and "array" in leaf.kinds
