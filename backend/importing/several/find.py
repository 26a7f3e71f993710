"""Finds the models of a file that describes several. This comes before any matching, so that models are never blended."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from backend.importing.pointers import Path, items
from backend.importing.several.by_task import by_figure_prefix, by_task, models_by_name
from backend.importing.several.member import Member, by_prefix, by_table
from backend.importing.several.speaks import has_metrics
from backend.importing.transforms import is_number
from backend.importing.vocabulary import (
    FIELDS,
    LISTS,
    METRICS,
    SECTIONS,
    STRONG_ALGORITHM,
    metric_key,
    names_algorithm,
    section,
    split_of,
    words,
)
from schemas.common import Json

_STRICT: Final = frozenset(
    {"models", "candidate_models", "trained_models", "all_models", "models_compared", "models_evaluated", "evaluated_models", "candidates"}
)
_AVERAGE: Final = re.compile(r"(macro|micro|weighted|samples)(_avg|_average)?|accuracy|overall|total|all")
_VERSION: Final = re.compile(r"(?:model_?)?v(?:ersion)?_?\d[\d_]*")
_FOLD: Final = re.compile(r"(?:fold|split|run|repeat|epoch|iter|iteration|step|trial|seed|round)_?\d+|\d+")
_STEPS: Final = frozenset({"epoch", "fold", "step", "iteration", "iter", "round"})
_VERSIONS: Final = frozenset({"versions", "model_versions", "registered_versions"})
_NAMED_AS_MODEL: Final = re.compile(r"(?:^|_)(?:model|classifier|regressor|estimator|predictor|forecaster)(?:_[a-z0-9]{1,3})?$")
_REFERENCE: Final = frozenset({"baseline", "baselines", "baseline_model", "naive_baseline", "random_baseline", "dummy", "dummy_baseline", "human_baseline"})
"""Names of a reference for a single model. Such a reference is no second model, unless a part lists models."""
_STAGES: Final = frozenset(
    {"production", "staging", "canary", "shadow", "current", "candidate", "champion", "challenger", "incumbent", "live", "proposed", "deployed", "new", "old"}
)
"""Versions of a model by stage: two of them side by side are two models."""
_DEPTH = 8


def members(tree: Json) -> list[Member]:
    """Return the models of a file that describes two or more; else none. The shallowest place that lists models counts."""
    classes = _classes(tree)
    level: list[tuple[Path, str, Json]] = [((), "", tree)]
    for _ in range(_DEPTH):
        for path, key, node in level:
            for look in _LOOKS:
                if len(found := look(path, key, node)) > 1 and not {words(one.name) for one in found} <= classes:
                    return found
        level = [((*path, step), str(step) if isinstance(step, str) else key, below) for path, key, node in level for step, below in _below(node, key)]
    return []


def _classes(tree: Json) -> set[str]:
    """Return the file's names of classes, which may look like models: `forest`, `tree`."""
    found: set[str] = set()
    for _, part in [("", tree), *items(tree)]:
        for name, value in items(part):
            if isinstance(value, list) and isinstance(name, str) and LISTS.get(words(name)) == "classes":
                found |= {words(one) for one in value if isinstance(one, str)}
    return found


def _below(node: Json, key: str) -> Iterator[tuple[str | int, Json]]:
    parts = components(node, key)
    for step, below in items(node)[:2000]:
        if isinstance(below, (dict, list)) and step not in parts and not (isinstance(step, str) and words(step) in _NOT_MODELS):
            yield step, below


_NOT_MODELS: Final = SECTIONS["foreign"] | SECTIONS["hyperparameters"] | SECTIONS["components"]


def components(node: Json, key: str) -> set[str]:
    """Return the parts of a map that list an ensemble's components, which are no models of their own. A heading, a kind of vote or a type marks an ensemble."""
    if not isinstance(node, dict):
        return set()
    listed = {name for name, value in node.items() if isinstance(value, (dict, list)) and section(name, "models", "members")}
    if not listed:
        return set()
    names = {words(str(name)) for one in listed for name, _ in items(node[one])}
    kinds = [words(value) for name, value in node.items() if isinstance(value, str) and words(name) in _TYPE_FIELDS]
    told = (
        any(words(name) in SECTIONS["combining"] for name in node)
        or section(key, "ensemble")
        or any(_ENSEMBLE.search(kind) and kind not in names for kind in kinds)
    )
    return listed if told else set()


_ENSEMBLE: Final = re.compile(r"(?:^|_)(?:ensemble|stack|stacked|stacking|voting|blend|blended|blending)")
_TYPE_FIELDS: Final = frozenset({*STRONG_ALGORITHM, "type", "kind", "class", "method", "strategy", "architecture", "name", "model", "model_name"})


def _own_name(node: Json) -> str | None:
    if not isinstance(node, dict):
        return None
    named = {words(key): value for key, value in node.items()}
    return next((named[field] for field in FIELDS["model_name"] if isinstance(named.get(field), str) and named[field].strip()), None)


def _all_names(row: dict[str, Json]) -> frozenset[str]:
    return frozenset(value for name, value in row.items() if isinstance(value, str) and words(name) in FIELDS["model_name"])


def _meaning_of_its_own(key: str) -> bool:
    """Return whether a key names a part of one model, not a model."""
    said = words(key)
    if _AVERAGE.fullmatch(said) or _FOLD.fullmatch(said) or said in METRICS or split_of(key) is not None:
        return True
    return any(said in SECTIONS[kind] for kind in ("metrics", "report", "slices", "confusion", "importance", "features", "dataset", "rows", "stats"))


def _by_key(path: Path, key: str, node: Json) -> list[Member]:
    """Return a map from name to model."""
    if not isinstance(node, dict) or len(node) < 2 or section(key, "slices", "report"):
        return []
    listed = section(key, "models")
    strict = words(key) in _STRICT
    if not (listed or strict or any(isinstance(value, dict) for value in node.values())):
        return []
    plain = {name: value for name, value in node.items() if not _meaning_of_its_own(name)}
    named = [name for name in plain if names_algorithm(name) or _VERSION.fullmatch(words(name))]
    if strict and len(plain) == len(node) > 1 and (all(isinstance(value, str) for value in node.values()) or len(named) * 2 >= len(node)):
        return [_member(path, name, value) for name, value in node.items()]
    if listed and len(named) == len(node) and all(is_number(value) for value in node.values()):
        return [_member(path, name, value) for name, value in node.items()]
    full = {name: value for name, value in plain.items() if isinstance(value, dict) and (has_metrics(value) or (listed and _own_name(value)))}
    if not listed:
        full = {name: value for name, value in full.items() if words(name) not in _REFERENCE}
        stages = {name: value for name, value in node.items() if words(name) in _STAGES and has_metrics(value)}
        if len(stages) > 1 and set.intersection(*(has_metrics(value) for value in stages.values())):
            return [_member(path, name, value) for name, value in stages.items()]
        apart = {name: value for name, value in full.items() if _NAMED_AS_MODEL.search(words(name)) and _says_algorithm(value)}
        if len(apart) > 1:
            return [_member(path, name, value) for name, value in apart.items()]
    shared = set.intersection(*(has_metrics(value) for value in full.values())) if len(full) > 1 else set()
    known = [name for name in full if name in named or (_own_name(full[name]) and not _same_kind(full))]
    if len(full) > 1 and (shared or listed) and (len(known) * 2 >= len(full) or (listed and len(plain) == len(node) and len(full) == len(plain))):
        return [_member(path, name, value) for name, value in full.items()]
    return []


def _says_algorithm(node: dict[str, Json]) -> bool:
    return any(words(name) in STRONG_ALGORITHM and isinstance(value, str) for name, value in node.items())


def _same_kind(full: dict[str, Json]) -> bool:
    """Return whether all rows have the same name, and so are of one model."""
    return len({_own_name(value) for value in full.values()}) == 1


def _member(path: Path, name: str, value: Json) -> Member:
    own = _own_name(value)
    return Member(name=name, also=frozenset({own} if own else ()), places=((*path, name),))


def _by_row(path: Path, key: str, node: Json) -> list[Member]:
    """Return the models of a list."""
    if not isinstance(node, list) or len(node) < 2:
        return []
    if words(key) in _STRICT and all(isinstance(row, str) for row in node):
        return [Member(name=row, also=frozenset(), places=((*path, at),)) for at, row in enumerate(node)] if all(names_algorithm(row) for row in node) else []
    rows = [(at, row) for at, row in enumerate(node) if isinstance(row, dict)]
    listed = section(key, "models") or not path
    if len(rows) != len(node) or not all(has_metrics(row) or (words(key) in _STRICT and _own_name(row)) for _, row in rows):
        return []
    if all(_of_split(row) for _, row in rows):
        return _by_name_and_split(path, [row for _, row in rows])
    nameless = words(key) in _STRICT or not path
    names = [_own_name(row) or _own_version(key, row, listed) or (f"{key or 'model'} {at + 1}" if nameless else "") for at, row in rows]
    other = any(metric_key(name) or (_meaning_of_its_own(name) and words(key) not in _VERSIONS) for name in names)
    if other or not all(names) or not (listed or any(names_algorithm(name) for name in names)):
        return []
    if len(set(names)) == 1:
        versions = [_version_of(row) for _, row in rows]
        if not listed or len(set(versions)) == 1 or not all(versions):
            return []
        names = versions
    doubled = {name for name, times in Counter(names).items() if times > 1}
    return [
        Member(name=f"{name} ({at + 1})" if name in doubled else name, also=_all_names(row) - {name}, places=((*path, at),))
        for (at, row), name in zip(rows, names, strict=True)
    ]


def _own_version(key: str, row: dict[str, Json], listed: bool) -> str:
    """Return a row's own version, where a registry lists the versions of one model; else an empty text."""
    return _version_of(row) if words(key) in _VERSIONS or listed else ""


def _version_of(row: dict[str, Json]) -> str:
    said = {words(name): value for name, value in row.items()}
    fields = ("version", "model_version", "number", "tag", "version_id", "run_id", "id")
    return str(next((said[name] for name in fields if isinstance(said.get(name), (str, int))), ""))


def _by_name_and_split(path: Path, rows: list[dict[str, Json]]) -> list[Member]:
    """Return the models of rows by model and split: rows of one model belong together."""
    names = [_own_name(row) for row in rows]
    if not all(name and names_algorithm(name) and not _meaning_of_its_own(name) for name in names):
        return []
    places: dict[str, list[Path]] = {}
    for at, name in enumerate(names):
        places.setdefault(str(name), []).append((*path, at))
    return [Member(name=name, also=frozenset(), places=tuple(own)) for name, own in places.items()]


def _of_split(row: dict[str, Json]) -> bool:
    """Return whether the row names a split or a training step."""
    named = {words(name): value for name, value in row.items()}
    return any(isinstance(named.get(field), str) and split_of(named[field]) for field in FIELDS["metric_split"]) or bool(_STEPS & set(named))


def _by_metric(path: Path, key: str, node: Json) -> list[Member]:
    """Return the models of a table by column: from metric to model to value, or a column of models beside columns of metrics."""
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


_LOOKS: Final[tuple[Callable[[Path, str, Json], list[Member]], ...]] = (
    _by_key,
    _by_row,
    _by_metric,
    by_table,
    by_prefix,
    by_task,
    by_figure_prefix,
    models_by_name,
)
"""The ways in which a place may list models, the clearest first."""
