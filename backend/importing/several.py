"""Does a file describe several models? Found before anything is matched, so that they are never blended."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec

from backend.importing.pointers import Path, items
from backend.importing.transforms import is_number
from backend.importing.vocabulary import FIELDS, METRICS, SECTIONS, algorithm_prefix, metric_key, names_algorithm, section, split_of, words
from schemas.common import Json

_STRICT: Final = frozenset(
    {"models", "candidate_models", "trained_models", "all_models", "models_compared", "models_evaluated", "evaluated_models", "candidates"}
)
_AVERAGE: Final = re.compile(r"(macro|micro|weighted|samples)(_avg|_average)?|accuracy|overall|total|all")
_VERSION: Final = re.compile(r"(?:model_?)?v(?:ersion)?_?\d[\d_]*")
_FOLD: Final = re.compile(r"(?:fold|split|run|repeat|epoch|iter|iteration|step|trial|seed|round)_?\d+|\d+")
_STEPS: Final = frozenset({"epoch", "fold", "step", "iteration", "iter", "round"})
_DEPTH = 8


class Member(msgspec.Struct, frozen=True):
    """One model of a file: its name, other names it goes by, and the places that are its own."""

    name: str
    also: frozenset[str]
    places: tuple[Path, ...]
    flat: str | None = None
    """Its prefix or suffix in keys such as `rf_accuracy`."""

    def is_called(self, name: str) -> bool:
        """Is this the model that somebody means?"""
        return words(name) in {words(self.name), *(words(one) for one in self.also)}


def members(tree: Json) -> list[Member]:
    """The models that a file describes when it is two or more; else none. The shallowest place that lists models counts."""
    level: list[tuple[Path, str, Json]] = [((), "", tree)]
    for _ in range(_DEPTH):
        for path, key, node in level:
            for look in (_by_key, _by_row, _by_metric, _by_prefix):
                if len(found := look(path, key, node)) > 1:
                    return found
        level = [((*path, step), str(step) if isinstance(step, str) else key, below) for path, key, node in level for step, below in _below(node)]
    return []


def _below(node: Json) -> Iterator[tuple[str | int, Json]]:
    for step, below in items(node)[:2000]:
        if isinstance(below, (dict, list)) and not (isinstance(step, str) and words(step) in SECTIONS["foreign"] | SECTIONS["hyperparameters"]):
            yield step, below


def _own_name(node: Json) -> str | None:
    if not isinstance(node, dict):
        return None
    named = {words(key): value for key, value in node.items()}
    return next((named[field] for field in FIELDS["model_name"] if isinstance(named.get(field), str) and named[field].strip()), None)


def has_metrics(node: Json, depth: int = 2) -> set[str]:
    """The metrics that a part of a file gives, in itself or in a part of metrics or of a split within."""
    if not isinstance(node, dict):
        return set()
    found = {key.name for name, value in node.items() if is_number(value) and (key := metric_key(name)) and key.part == "value"}
    if depth:
        for name, value in node.items():
            if isinstance(value, dict) and (section(name, "metrics", "report", "confusion") or split_of(name) or metric_key(name)):
                found |= has_metrics(value, depth - 1) or ({str(name)} if metric_key(name) else set())
    return found


def _meaning_of_its_own(key: str) -> bool:
    """Keys that say what part of one model this is, not which model."""
    said = words(key)
    if _AVERAGE.fullmatch(said) or _FOLD.fullmatch(said) or said in METRICS or split_of(key) is not None:
        return True
    return any(said in SECTIONS[kind] for kind in ("metrics", "report", "slices", "confusion", "importance", "features", "dataset", "rows", "stats"))


def _by_key(path: Path, key: str, node: Json) -> list[Member]:
    """A map from name to model."""
    if not isinstance(node, dict) or len(node) < 2 or section(key, "slices", "report"):
        return []
    listed = section(key, "models")
    strict = words(key) in _STRICT
    plain = {name: value for name, value in node.items() if not _meaning_of_its_own(name)}
    named = [name for name in plain if names_algorithm(name) or _VERSION.fullmatch(words(name))]
    if strict and len(plain) == len(node) > 1 and (all(isinstance(value, str) for value in node.values()) or len(named) * 2 >= len(node)):
        return [_member(path, name, value) for name, value in node.items()]
    if listed and len(named) == len(node) and all(is_number(value) for value in node.values()):
        return [_member(path, name, value) for name, value in node.items()]
    full = {name: value for name, value in plain.items() if isinstance(value, dict) and (has_metrics(value) or (listed and _own_name(value)))}
    shared = set.intersection(*(has_metrics(value) for value in full.values())) if len(full) > 1 else set()
    known = [name for name in full if name in named or (_own_name(full[name]) and not _same_kind(full))]
    if len(full) > 1 and (shared or listed) and (len(known) * 2 >= len(full) or (listed and len(plain) == len(node) and len(full) == len(plain))):
        return [_member(path, name, value) for name, value in full.items()]
    return []


def _same_kind(full: dict[str, Json]) -> bool:
    """Do all rows have the same name (of one model, then)?"""
    return len({_own_name(value) for value in full.values()}) == 1


def _member(path: Path, name: str, value: Json) -> Member:
    own = _own_name(value)
    return Member(name=name, also=frozenset({own} if own else ()), places=((*path, name),))


def _by_row(path: Path, key: str, node: Json) -> list[Member]:
    """A list of models."""
    if not isinstance(node, list) or len(node) < 2:
        return []
    if words(key) in _STRICT and all(isinstance(row, str) for row in node):
        return [Member(name=row, also=frozenset(), places=((*path, at),)) for at, row in enumerate(node)] if all(names_algorithm(row) for row in node) else []
    rows = [(at, row) for at, row in enumerate(node) if isinstance(row, dict)]
    listed = section(key, "models") or not path
    if len(rows) != len(node) or not all(has_metrics(row) or (words(key) in _STRICT and _own_name(row)) for _, row in rows):
        return []
    if all(_of_split(row) for _, row in rows):
        return []
    nameless = words(key) in _STRICT or not path
    names = [_own_name(row) or (f"{key or 'model'} {at + 1}" if nameless else "") for at, row in rows]
    if not all(names) or any(metric_key(name) or _meaning_of_its_own(name) for name in names) or not (listed or any(names_algorithm(name) for name in names)):
        return []
    if len(set(names)) == 1:
        return []
    doubled = {name for name, times in Counter(names).items() if times > 1}
    return [
        Member(name=f"{name} ({at + 1})" if name in doubled else name, also=frozenset(), places=((*path, at),))
        for (at, _), name in zip(rows, names, strict=True)
    ]


def _of_split(row: dict[str, Json]) -> bool:
    """Does the row say which split it is of, or which step of a training?"""
    named = {words(name): value for name, value in row.items()}
    return any(isinstance(named.get(field), str) and split_of(named[field]) for field in FIELDS["metric_split"]) or bool(_STEPS & set(named))


def _by_metric(path: Path, key: str, node: Json) -> list[Member]:
    """A table by column: from metric to model to value; or a column of models beside columns of metrics."""
    if not isinstance(node, dict):
        return []
    columns = {name: items(value) for name, value in node.items() if isinstance(value, (dict, list)) and metric_key(name)}
    named = next((value for name, value in node.items() if words(name) in FIELDS["model_name"] and isinstance(value, (dict, list)) and len(value) > 1), None)
    if named is not None and columns and all(isinstance(name, str) for _, name in items(named)):
        places = {str(name): tuple((*path, column, index) for column in columns) for index, name in items(named)}
    else:
        models = [str(name) for cells in columns.values() for name, _ in cells if isinstance(name, str)]
        if not models or not all(names_algorithm(name) and not _meaning_of_its_own(name) for name in models):
            return []
        places = {name: tuple((*path, column, name) for column, cells in columns.items() if name in dict(cells)) for name in dict.fromkeys(models)}
    return [Member(name=name, also=frozenset(), places=own) for name, own in places.items()]


def _by_prefix(path: Path, key: str, node: Json) -> list[Member]:
    """Flat keys that begin or end with a kind of model: `rf_accuracy`, `xgb_accuracy`."""
    if not isinstance(node, dict):
        return []
    found: dict[str, dict[str, Path]] = {}
    for name, value in node.items():
        if is_number(value) and metric_key(name) is None and (known := algorithm_prefix(name)):
            found.setdefault(known[0], {})[known[1]] = (*path, name)
    if len(found) < 2 or not set.intersection(*(set(own) for own in found.values())):
        return []
    return [Member(name=name, also=frozenset(), places=tuple(own.values()), flat=name) for name, own in found.items()]
