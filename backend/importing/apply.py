"""Applies a mapping to a file's tree. Every value keeps the place that it came from; nothing is computed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from backend.importing.changes import changed
from backend.importing.collect import Collector, Row, Value
from backend.importing.contradictions.confusion import confusion_row
from backend.importing.document_places import TARGETS
from backend.importing.errors import UnreadableFile
from backend.importing.parse import read_embedded
from backend.importing.pointers import MISSING, Path, items, leaves, matches, real, resolve, steps, text
from backend.importing.reading.last_steps import last_of_each, last_step
from backend.importing.rules import CELLS
from backend.importing.transforms import is_percent
from backend.importing.vocabulary import PERCENT_KEPT, metric_key
from schemas.common import Json
from schemas.mapping import MappingPart, MappingRule, MappingWhere

_SENTENCES: Final = ("/task/classes", "/considerations", *(f"/intended_use/{name}" for name in ("use_cases", "regions", "products", "prohibited")))
"""Lists of plain values: a second rule adds its finds to those of the first."""
_CONTAINERS: Final = (dict, list)


def apply(rules: Sequence[MappingRule], tree: Json, readings: Mapping[Path, str] | None = None) -> Collector:
    """Return the finds of the rules in the tree. A rule that finds nothing, or a value of the wrong kind, adds nothing. Raises MappingTooCostly.

    `readings`: how a person reads values that can be read in two ways, by their place.
    """
    found = Collector(readings)
    for rule in rules:
        found.check_time()
        _APPLIERS[rule.kind](rule, tree, found, None)
    return found


def _each(found: Collector, tree: Json, rule: MappingRule) -> Iterator[tuple[Path, Path, Json]]:
    """Yield the places that a rule's source leads to, as long as there is time."""
    for at, place in enumerate(matches(tree, steps(rule.source))):
        if not at % 64:
            found.check_time()
        yield place


def _scalar(rule: MappingRule, tree: Json, found: Collector, at: Path | None) -> None:
    for path, captured, node in _each(found, tree, rule):
        if _skipped(rule, captured):
            continue
        target = rule.target
        for key in captured:
            target = target.replace("*", text((key,))[1:], 1)
        lists = frozenset(target + text(below) for below in _lists(node, ())) if target.startswith("/training/hyperparameters") else frozenset[str]()
        for below, value in leaves(node):
            _put(found, tree, target + text(below), value, (*path, *below), at, rule, lists)


def _lists(node: Json, path: Path) -> Iterator[Path]:
    if isinstance(node, list):
        yield path
    for key, below in items(node):
        yield from _lists(below, (*path, key))


def _put(found: Collector, tree: Json, target: str, value: Json, path: Path, at: Path | None, rule: MappingRule, lists: frozenset[str]) -> None:
    source = at or path
    made = changed(found, tree, path, value, rule.transform, rule.words, target, at)
    if made is not None and _taken(target, made):
        found.put(target, Value(made, source, "words" if rule.words else rule.transform), lists)
    elif made is None and value is None and target.startswith("/training/hyperparameters/"):
        found.put(target, Value(None, source), lists)


def _taken(target: str, value: Json) -> bool:
    leaf = TARGETS.find(target)
    if isinstance(value, _CONTAINERS):
        return leaf is not None and "any" in leaf.kinds
    return leaf is not None and leaf.takes(value)


def _takes_key(target: str, key: str) -> bool:
    leaf = TARGETS.find(target)
    return leaf is None or leaf.takes_key(key)


def _const(rule: MappingRule, tree: Json, found: Collector, at: Path | None) -> None:
    for path, _, _ in _each(found, tree, rule):
        found.put(rule.target, Value(rule.const, at or path, "const"))
        return


def _rows(rule: MappingRule, tree: Json, found: Collector, at: Path | None) -> None:
    def made() -> Iterator[tuple[Json, Row]]:
        for path, captured, node in _each(found, tree, rule):
            if not _skipped(rule, captured) and _wanted(rule.where, tree, path, captured, node):
                yield node, _row(rule, tree, path, captured, at, found)

    for row in last_of_each(made(), rule.by) if rule.by else (row for _, row in made()):
        _emit(rule, found, row)
        if found.full:
            return


def _row(rule: MappingRule, tree: Json, path: Path, captured: Path, at: Path | None, found: Collector) -> Row:
    row: Row = {}
    for part in rule.parts:
        if "*" in part.source and not part.source.startswith("/"):
            _fill_list(row, rule, part, tree, path, at, found)
        elif (source := _source(part, tree, path, captured)) is not None:
            _fill(row, rule, part, source, captured, tree, at, found)
    return row


def _fill_list(row: Row, rule: MappingRule, part: MappingPart, tree: Json, path: Path, at: Path | None, found: Collector) -> None:
    """Fill a list of the row with values that stand in many rows of the file (the points of a curve)."""
    for index, (below, _, _) in enumerate(matches(resolve(tree, path), steps(part.source))):
        single = MappingPart(target=f"{part.target}/{index}", transform=part.transform, words=part.words)
        _fill(row, rule, single, (*path, *below), (), tree, at, found)


def _source(part: MappingPart, tree: Json, path: Path, captured: Path) -> Path | None:
    """Return the place of a part's value. In a source from the root, the keys that the rule's stars matched replace the stars."""
    if not part.source.startswith("/"):
        return path + real(resolve(tree, path), steps(part.source)) if part.source else path
    filled: list[str | int] = []
    waiting = list(captured)
    for step in steps(part.source):
        if step == "*" and not waiting:
            return None
        filled.append(waiting.pop(0) if step == "*" else step)
    return real(tree, tuple(filled))


def _fill(row: Row, rule: MappingRule, part: MappingPart, source: Path, captured: Path, tree: Json, at: Path | None, found: Collector) -> None:
    value = resolve(tree, source)
    if part.const is not None:
        value = part.const if value is not None and value is not MISSING else None
    elif part.key is not None:
        value = str(captured[part.key - 1]) if 0 < part.key <= len(captured) else None
        value = value if value is None or _takes_key(rule.target if part.target in ("", "*") else f"{rule.target}/{part.target}", value) else None
    if value is None or value is MISSING:
        return
    inside = rule.target if part.target in ("", "*") else f"{rule.target}/{part.target}"
    every: Iterable[tuple[Path, Json]] = leaves(value) if isinstance(value, _CONTAINERS) else (((), value),)
    for below, leaf in every:
        made = changed(found, tree, (*source, *below), leaf, part.transform, part.words, inside, at)
        if made not in (None, "") and (part.target == "*" or _taken(inside + text(below), made)):
            how = "const" if part.const is not None else "key" if part.key is not None else "words" if part.words else part.transform
            row[part.target + text(below)] = Value(made, at or (*source, *below), how)


def _emit(rule: MappingRule, found: Collector, row: Row) -> None:
    collection = rule.target.removesuffix("/*")
    if collection in ("/training/split_rows", "/training/hyperparameters"):
        if "*" in row and "" in row:
            found.keys.add(row["*"].source)
            found.put(collection + text((str(row["*"].value),)), row[""])
    elif collection in _SENTENCES:
        if "" in row:
            at = sum(target.startswith(f"{collection}/") for target in found.single)
            found.put(f"{collection}/{at}", row[""])
    elif rule.target.endswith("/*"):
        if row and not (collection == "/features" and "name" in row and str(row["name"].value).lower() in rule.skip):
            found.add(collection, row, rule.existing)
    elif "" in row:
        found.put(rule.target, row[""])


def _skipped(rule: MappingRule, captured: Path) -> bool:
    return bool(rule.skip) and bool(captured) and str(captured[-1]).lower() in rule.skip


def _wanted(where: MappingWhere | None, tree: Json, path: Path, captured: Path, node: Json) -> bool:
    if where is None:
        return True
    value = str(captured[where.key - 1]) if where.key and where.key <= len(captured) else resolve(node, steps(where.source))
    if where.by is not None:
        return value is not None and str(value) == str(resolve(tree, steps(where.by)))
    return (str(value).lower() in where.words) is not where.negated


def _zip(rule: MappingRule, tree: Json, found: Collector, at: Path | None) -> None:
    for path, captured, _ in _each(found, tree, rule):
        columns = [(part, source) for part in rule.parts if (source := _source(part, tree, path, captured)) is not None]
        lengths = {len(column) for _, source in columns if isinstance(column := resolve(tree, source), list)}
        if len(lengths) != 1:
            continue
        for number in range(min(lengths)):
            row: Row = {}
            for part, source in columns:
                column = resolve(tree, source)
                _fill(row, rule, part, (*source, number) if isinstance(column, list) else source, captured, tree, at, found)
            _emit(rule, found, row)


def _pairs(rule: MappingRule, tree: Json, found: Collector, at: Path | None) -> None:
    for path, captured, node in _each(found, tree, rule):
        if isinstance(node, list) and len(node) == 2:
            _emit(rule, found, _row(rule, tree, path, captured, at, found))


def _columnar(rule: MappingRule, tree: Json, found: Collector, at: Path | None) -> None:
    for path, _, node in _each(found, tree, rule):
        for index, cell in _table(node):
            row: Row = {}
            for part in rule.parts:
                place = (index,) if part.key is not None else cell(part.source)
                if place is not None:
                    _fill(row, rule, part, path if part.key is not None else (*path, *place), (index,), tree, at, found)
            if not _skipped(rule, (index,)):
                _emit(rule, found, row)


def _table(node: Json) -> Iterator[tuple[str | int, Callable[[str], Path | None]]]:
    """Yield each row's index, and a function from a column to the path of the row's cell: pandas' `split`, `dict` and `list` orientations."""
    if not isinstance(node, dict):
        return
    columns, data = node.get("columns"), node.get("data")
    if isinstance(columns, list) and isinstance(data, list):
        places = {str(column): at for at, column in enumerate(columns)}
        for number in range(len(data)):
            yield number, lambda name, number=number: ("data", number, places[name]) if name in places else None  # type: ignore[misc]
        return
    first = next((column for column in node.values() if isinstance(column, _CONTAINERS)), None)
    for index, _ in items(first):
        yield index, lambda name, index=index: (name, index)  # type: ignore[misc]


def _split_from_key(rule: MappingRule, tree: Json, found: Collector, at: Path | None) -> None:
    for path, captured, node in _each(found, tree, rule):
        if not path or _skipped(rule, path[-1:]):
            continue
        key, figure = metric_key(str(path[-1])), path
        if rule.by:
            path, node = last_step(node, rule.by, path)
        if isinstance(node, _CONTAINERS):
            continue
        said = {"name": key.name, "split": key.split, "average": key.average, "class": key.cls, "label": key.label} if key else {"name": str(figure[-1])}
        row = {
            name: Value(value, at or path, "key")
            for name, value in said.items()
            if value is not None and _takes_key(f"/metrics/*/{name}", value) and _taken(f"/metrics/*/{name}", value)
        }
        percent = key is not None and (key.percent or is_percent(node)) and key.name not in PERCENT_KEPT
        value = changed(found, tree, path, node, "percent" if percent else "number", {}, "/metrics/*/value", at)
        if value is None:
            continue
        row[key.part if key else "value"] = Value(value, at or path, "percent" if percent else "number" if isinstance(node, str) else None)
        extra = {part.target for part in rule.parts} - set(row)
        row |= {name: one for name, one in _row(rule, tree, figure, captured, at, found).items() if name in extra}
        _emit(rule, found, row)


def _confusion(rule: MappingRule, tree: Json, found: Collector, at: Path | None) -> None:
    for path, captured, _ in _each(found, tree, rule):
        sources = {part.target: source for part in rule.parts if part.target in CELLS and (source := _source(part, tree, path, captured)) is not None}
        named = next((part.source for part in rule.parts if part.target == "labels"), None)
        labels = [(place, label) for place, _, label in matches(tree, steps(named if "*" in named else f"{named}/*"))] if named else None
        row = confusion_row(tree, path, sources, labels)
        if row and at is None:
            for part in rule.parts:
                if part.const is not None:
                    row[part.target] = Value(part.const, path, "const")
            found.add("/charts", row)


def _parse_json(rule: MappingRule, tree: Json, found: Collector, at: Path | None) -> None:
    for path, _, node in _each(found, tree, rule):
        if not isinstance(node, str):
            continue
        try:
            inner = read_embedded(node)
        except UnreadableFile:
            continue
        outer, found.shared_places = found.shared_places, True
        for below in rule.rules:
            _APPLIERS[below.kind](below, inner, found, at or path)
        found.shared_places = outer


_APPLIERS: Final[dict[str, Callable[[MappingRule, Json, Collector, Path | None], None]]] = {
    "scalar": _scalar,
    "const": _const,
    "rows": _rows,
    "select": _rows,
    "zip": _zip,
    "pairs": _pairs,
    "columnar": _columnar,
    "split_from_key": _split_from_key,
    "confusion": _confusion,
    "parse_json": _parse_json,
}
