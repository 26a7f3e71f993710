"""Gathers values, each with its source, into the shape of a model document."""

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from backend.importing.document_places import SCHEMA, TARGETS
from backend.importing.errors import MappingTooCostly
from backend.importing.numbers_in_text import Reading, has_decimal_comma
from backend.importing.pointers import Path, leaves, text
from backend.importing.vocabulary import METRICS, names_more
from schemas.common import Json
from schemas.importing import Claim, Contradiction

MAX_ROWS = 20_000
MAX_SECONDS = 20.0
"""Seconds for applying a mapping: many stars over a large file could take hours."""
MAX_IMPORTANCES = 20
"""Importances of one feature, one per method; more stay unmapped."""
_FREE: Final = ("/training/hyperparameters/", "/extensions/")

_IDENTITY: Final = {
    "/metrics": ("name", "split", "slice", "class", "average", "threshold"),
    "/features": ("name",),
    "/owners": ("name",),
}
_METRIC_NAMES: Final = frozenset(METRICS.values())
_TOLD: Final = frozenset(_IDENTITY["/metrics"])
_ORDER: Final = tuple(SCHEMA["$defs"]["ModelDocument"]["properties"])
_RANK: Final = {
    name: rank for shape in ("ImageChart", "RocChart", "ConfusionChart", "Feature", "Metric") for rank, name in enumerate(SCHEMA["$defs"][shape]["properties"])
}
_NEEDED: Final = {"/metrics": ("name", "value"), "/features": ("name",), "/owners": ("name",)}


class Value(msgspec.Struct, frozen=True):
    """A value of the document, its place in the file, and the change of its notation."""

    value: Json
    source: Path
    transform: str | None = None


Row = dict[str, Value]
Plan = tuple[tuple[str, bool], ...]
"""The steps of a pointer, each with whether a list stands there."""


class Collector:
    """The finds of a mapping. Nothing is overwritten: the first find counts, and every later one that disagrees is kept as a contradiction."""

    def __init__(self, readings: Mapping[Path, str] | None = None) -> None:
        self.readings = readings or {}
        """The readings that persons chose for values with two readings, by place."""
        self._commas: bool | None = None
        self.single: dict[str, Value] = {}
        self.rows: dict[str, dict[object, Row]] = {}
        self.contradictions: list[Contradiction] = []
        self.full = False
        self._until = time.monotonic() + MAX_SECONDS
        self.keys: set[Path] = set()
        """Places in the file whose values became keys of the document."""
        self.shared_places = False
        """Whether several figures may have one place in the file: from JSON in a string, or from a sentence."""
        self._figures: dict[Path, object] = {}
        """The row that took the value at a place: one value is one figure."""
        self._shapes: dict[str, str] = {}
        """The kind of each place below a free-form object, which no schema describes: a list, a dict, or a leaf."""

    def ask(self, source: Path, value: Json, readings: Mapping[Reading, Json], target: str) -> None:
        """Note a value with two readings, once."""
        if target in self.single or any(one.claims[0].pointer == text(source) for one in self.contradictions if one.unclear):
            return
        claims = [Claim(pointer=text(source), value=made, target=target, reading=name) for name, made in readings.items()]
        said = " or ".join(f"{one.value:,}" if isinstance(one.value, int) else str(one.value) for one in claims)
        message = f"{str(value)[:60]!r} at {text(source)} may be {said}; nothing is taken until it is decided"
        self.contradictions.append(Contradiction(target=target, message=message, claims=claims, unclear=True))

    def writes_decimal_commas(self, tree: Json) -> bool:
        """Return whether the file writes a number that can only have a decimal comma. The file is searched once."""
        if self._commas is None:
            self._commas = any(has_decimal_comma(value) for _, value in leaves(tree))
        return self._commas

    def check_time(self) -> None:
        """Raise MappingTooCostly when the mapping has taken too long."""
        if time.monotonic() > self._until:
            raise MappingTooCostly

    def put(self, target: str, found: Value, lists: frozenset[str] = frozenset()) -> None:
        """Put a value at a place. Containers go in leaf by leaf; those in `lists` are lists. Conflicting leaves stay out."""
        before = self.single.get(target)
        if before is None:
            if f"{target}/" in _FREE or (target.startswith(_FREE) and not self._fits(target, lists)):
                return  # an empty object adds nothing, and would block a later one
            if len(self.single) >= MAX_ROWS:
                self.full = True
                return
            self.single[target] = found
        elif _number(before.value) and _number(found.value) and before.value != found.value:
            self._disagree(target, before, found)

    def _fits(self, target: str, lists: frozenset[str]) -> bool:
        root = next(len(free) - 1 for free in _FREE if target.startswith(free))
        ends = [at for at in range(root, len(target)) if target[at] == "/"]
        wanted = {target[:end]: "list" if target[:end] in lists else "dict" for end in ends} | {target: "leaf"}
        if wanted[target[:root]] != "dict" or any(self._shapes.get(place, kind) != kind for place, kind in wanted.items()):
            return False
        self._shapes |= wanted
        return True

    def add(self, collection: str, row: Row, existing: bool = False) -> None:
        """Add a row of `/metrics`, `/features`, `/charts` or `/owners`, or complete the existing one."""
        if "name" in _NEEDED.get(collection, ()) and "name" not in row:
            return  # chance alone would tell rows without a name apart, or make them contradict each other
        table = self.rows.setdefault(collection, {})
        identity: object = tuple(_hashable(row.get(name)) for name in _IDENTITY[collection]) if collection in _IDENTITY else len(table)
        if collection == "/metrics":
            identity = (identity, _told_apart(row))
        if collection == "/metrics" and not existing and self._is_taken(table, row, identity):
            return
        there = table.get(identity)
        if there is None and collection == "/metrics" and "value" not in row:
            there = _figure_of(table, row)
        if there is None:
            if len(table) >= MAX_ROWS:
                self.full = True
            elif not existing:
                table[identity] = dict(row)
            return
        taken = sum(name.startswith("importance/") and name.endswith("/value") for name in there)
        for name, found in row.items():
            if name.startswith("importance/") and taken >= MAX_IMPORTANCES:
                continue
            name = name.replace("importance/0/", f"importance/{taken}/")
            if name not in there:
                there[name] = found
            elif name == "value" and there[name].value != found.value:
                self._disagree(f"{collection}/{_at(table, identity)}/value", there[name], found)

    def _is_taken(self, table: dict[object, Row], row: Row, identity: object) -> bool:
        """Return whether another row already has this value as its figure. If so, complete that row."""
        if "value" not in row or self.shared_places:
            return False
        taken = self._figures.setdefault(row["value"].source, identity)
        if taken == identity:
            return False
        self._tell_more(table, taken, row, identity)
        return True

    def _tell_more(self, table: dict[object, Row], before: object, row: Row, identity: object) -> None:
        """Complete a figure with the split or class that a second rule finds. The second rule makes no other figure of the same value."""
        there = table.get(before)
        if there is not None and _is_own_name(there.get("name")) and not _is_own_name(row.get("name")) and "name" in row:
            there = {**there, "name": row["name"]}
        if there is None or identity in table or any(name in row and row[name].value != found.value for name, found in there.items() if name in _TOLD):
            return
        if all(name in row for name in there if name in _TOLD):
            table[identity] = {**there, **{name: found for name, found in row.items() if name not in there}}
            self._figures[row["value"].source] = identity
            del table[before]

    def _disagree(self, target: str, before: Value, found: Value) -> None:
        claims = [Claim(pointer=text(one.source), value=one.value, target=target) for one in (before, found)]
        self.contradictions.append(Contradiction(target=target, message="the file says two different things here", claims=claims))

    def document(self) -> tuple[dict[str, Any], dict[str, Value]]:
        """Return the document as JSON values, and each of its leaves by pointer. Rows without their required fields are left out."""
        try:
            return self._document()
        except _Gap:
            singles = {target: _plan(target) if not target.startswith(_FREE) else self._free(target) for target in self.single}
            self.single = {f"/{name}": found for name, found in _closed_up(self.single, singles).items()}
            for collection, table in self.rows.items():
                self.rows[collection] = {one: _closed_up(row, {name: _plan(name, f"{collection}/*/") for name in row}) for one, row in table.items()}
            return self._document()

    def _document(self) -> tuple[dict[str, Any], dict[str, Value]]:
        document: dict[str, Any] = {}
        leaves: dict[str, Value] = {}
        for target, found in self.single.items():
            _set(document, _plan(target) if not target.startswith(_FREE) else self._free(target), found.value)
            leaves[target] = found
        for collection, table in self.rows.items():
            needed = _NEEDED.get(collection, ())
            whole = [row for row in table.values() if all(name in row for name in needed)]
            rows: list[dict[str, Any]] = [{} for _ in whole]
            if rows:
                document[collection[1:]] = rows
            for at, row in enumerate(whole):
                for name, found in sorted(_complete(row).items(), key=_in_order):
                    _set(rows[at], _plan(name, f"{collection}/*/"), found.value)
                    leaves[f"{collection}/{at}/{name}"] = found
        return {name: document[name] for name in _ORDER if name in document}, leaves

    def _free(self, target: str) -> Plan:
        """Return the plan of a place below a free-form object. Only the file shows which of its containers are lists."""
        path = target[1:].split("/")
        return tuple((_unescaped(step), self._shapes.get("/" + "/".join(path[: at + 1])) == "list") for at, step in enumerate(path))


def _at(table: dict[object, Row], identity: object) -> int:
    return list(table).index(identity)


def _is_own_name(name: Value | None) -> bool:
    """Return whether the name comes from the file and the hub does not know it. A rule that knows the metric may still replace it."""
    return name is not None and name.transform == "key" and name.value not in _METRIC_NAMES


def _figure_of(table: dict[object, Row], row: Row) -> Row | None:
    """Return the one figure that a deviation or an interval without its own value belongs to. Both agree in split, class and so on; the label may differ."""
    same = [one for one in table.values() if "value" in one and all(_hashable(one.get(name)) == _hashable(row.get(name)) for name in _IDENTITY["/metrics"])]
    return same[0] if len(same) == 1 else None


def _told_apart(row: Row) -> tuple[object, ...]:
    """Return the other marks of a figure: its data, and a label that is more specific than its name (`Rouge1` for rouge)."""
    on = tuple(sorted((name, str(found.value)) for name, found in row.items() if name.startswith("on/")))
    label = str(row["label"].value) if "label" in row else ""
    return (on, label if label and names_more(label, str(row["name"].value if "name" in row else "")) else "")


def _hashable(found: Value | None) -> object:
    return None if found is None else str(found.value) if isinstance(found.value, (dict, list)) else found.value


def _number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _complete(row: Row) -> Row:
    """Return the row without half intervals, and without importances that have no value."""
    halves = {name.removesuffix(end) for name in row for end in ("/low", "/high") if name.endswith(end)}
    broken = {half for half in halves if not (f"{half}/low" in row and f"{half}/high" in row)}
    return {name: found for name, found in row.items() if not any(name.startswith(f"{half}/") for half in broken)}


@lru_cache(maxsize=4096)
def _order(name: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(step), "") if step.isdigit() else (_RANK.get(step, 0), step) for step in name.split("/"))


def _in_order(item: tuple[str, Value]) -> tuple[tuple[int, str], ...]:
    """Return the keys in the schema's order; indices in the order of their numbers."""
    return _order(item[0])


@lru_cache(maxsize=8192)
def _plan(target: str, within: str = "/") -> Plan:
    """Return the steps of a pointer, each with whether a list stands there."""
    path = target.removeprefix("/").split("/")
    patterns = [within + "/".join("*" if step.isdigit() else step for step in path[: at + 1]) for at in range(len(path))]
    return tuple(
        (_unescaped(step), (leaf := TARGETS.find(pattern)) is not None and "array" in leaf.kinds) for step, pattern in zip(path, patterns, strict=True)
    )


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


class _Gap(Exception):
    """A value would fill a list after a place that is still empty."""


def _closed_up(row: Row, plans: dict[str, Plan]) -> Row:
    """Return the row with its lists filled from the first place on, in the order of their indices."""
    numbers: dict[Path, dict[str, int]] = {}
    closed: Row = {}
    for name in sorted(row, key=_order):
        path: list[str] = []
        for at, (step, _) in enumerate(plans[name]):
            if at and plans[name][at - 1][1]:
                index = numbers.setdefault(tuple(path), {})
                step = str(index.setdefault(step, len(index)))
            path.append(step)
        closed[text(tuple(path))[1:]] = row[name]
    return closed


def _set(node: Any, plan: Plan, value: Json) -> None:
    """Put a value at the end of a plan. Values come in the order of their indices, so a list only grows at its end. Raises _Gap."""
    for at, (key, is_list) in enumerate(plan):
        below: Any = value if at == len(plan) - 1 else [] if is_list else {}
        if isinstance(node, list):
            if int(key) >= len(node):
                if int(key) > len(node):
                    raise _Gap
                node.append(below)
            node = node[int(key)]
        else:
            node = node.setdefault(key, below)
