"""Finds models in separate parts of a file: `{"churn": {"roc_auc": 0.8}, "spend": {"mae": 4.1}}`, or under separate prefixes of figures."""

from typing import Final

from backend.importing.pointers import Path, items
from backend.importing.several.member import Member
from backend.importing.several.speaks import has_metrics
from backend.importing.transforms import is_number
from backend.importing.vocabulary import CELLS, FIELDS, HYPERPARAMETERS, SECTIONS, STRONG_ALGORITHM, VOCABULARY, metric_key, rows_of, section, split_of, words
from schemas.common import Json

_CLASSIFICATION: Final = frozenset(VOCABULARY["bounds"]["classification"])
_REGRESSION: Final = frozenset((*VOCABULARY["bounds"]["regression"], "r2"))
_BY_CLASS: Final = frozenset({"precision", "recall", "f1", "specificity", "f2", "f0_5"})
"""Figures that may be of one class. A prefix that only these have is a class, not a model."""
_TASK: Final = frozenset({"task", "task_type", "problem_type", "problem", "objective"})
_OWN: Final = STRONG_ALGORITHM | _TASK | {"model", "algorithm", "threshold", "decision_threshold", "best_threshold"}
_PARTS: Final = frozenset().union(*(SECTIONS[kind] for kind in ("metrics", "model", "dataset", "rows", "features", "stats", "report", "slices", "foreign")))
_TASKS: Final = frozenset({"classification", "regression", "ranking", "forecasting"})
_REFERENCE: Final = frozenset(
    {"baseline", "naive", "dummy", "reference", "benchmark", "target", "previous", "old", "human", "random", "best", "mean", "std", "min", "max"}
)
_SLICES: Final = frozenset(
    (*FIELDS["metric_slice"], "male", "female", "men", "women", "young", "old", "white", "black", "urban", "rural", "low", "high", "day", "night")
)


def by_task(path: Path, key: str, node: Json) -> list[Member]:
    """Return sibling parts that are each a model: they describe themselves as one, or their figures are of different tasks."""
    if not isinstance(node, dict) or section(key, "slices", "report", "importance"):
        return []
    parts = {name: value for name, value in node.items() if isinstance(value, dict) and _may_be_model(name)}
    full = {name: found for name, value in parts.items() if (found := has_metrics(value))}
    if len(full) < 2:
        return []
    own = [name for name in full if _speaks_of_itself(parts[name])]
    kinds = {_task_of(found) for found in full.values()} - {None}
    if len(own) < len(full) and not (len(kinds) > 1 and all(_task_of(found) for found in full.values())):
        return []
    return [Member(name=name, also=frozenset(), places=((*path, name),)) for name in full]


def _may_be_model(name: str) -> bool:
    said = words(name)
    if split_of(name) or metric_key(name) or rows_of(name) or said in _REFERENCE or said.isdigit():
        return False
    return said in _TASKS or said not in _PARTS


def _speaks_of_itself(part: dict[str, Json]) -> bool:
    """Return whether a part names its own algorithm, task, threshold, settings or features."""
    said = {words(name): value for name, value in part.items()}
    if any(isinstance(said.get(name), (str, int, float)) for name in _OWN):
        return True
    return any(name in SECTIONS["hyperparameters"] or name in HYPERPARAMETERS for name in said) or any(
        section(name, "features") and isinstance(value, (list, dict)) for name, value in said.items()
    )


def _task_of(figures: set[str]) -> str | None:
    """Return the task of a part's figures, if they have one task."""
    classification, regression = figures & _CLASSIFICATION, figures & _REGRESSION
    return None if bool(classification) == bool(regression) else "classification" if classification else "regression"


def by_figure_prefix(path: Path, key: str, node: Json) -> list[Member]:
    """Return models by prefix of the same figures: `retail_test_auc`, `retail_test_ks`, `corp_test_auc`, `corp_test_ks`. The prefixes have no other meaning."""
    if not isinstance(node, dict):
        return []
    found: dict[str, dict[str, Path]] = {}
    for name, value in node.items():
        if is_number(value) and metric_key(name) is None and (split := _prefix(name)) is not None:
            found.setdefault(split[0], {})[split[1]] = (*path, name)
    shared = set.intersection(*(set(own) for own in found.values())) if len(found) > 1 else set()
    named = {found_key.name for rest in shared if (found_key := metric_key(rest))}
    if len(shared) < 2 or not named - _BY_CLASS:
        return []
    return [Member(name=name, also=frozenset(), places=tuple(own.values()), flat=name) for name, own in found.items()]


def _prefix(name: str) -> tuple[str, str] | None:
    tokens = words(name).split("_")
    for length in (1, 2):
        head, rest = "_".join(tokens[:length]), "_".join(tokens[length:])
        if rest and (found := metric_key(rest)) and found.part == "value" and head not in _REFERENCE | _SLICES and head not in CELLS and not head.isdigit():
            return head, rest
    return None


def models_by_name(path: Path, key: str, node: Json) -> list[Member]:
    """Return parts that are called models and have their own settings: `{"initial_model": {"best_params": …}, "full_model": {…}}`."""
    parts = [name for name, value in items(node) if isinstance(name, str) and isinstance(value, dict) and _is_called_model(name) and _has_settings(value)]
    return [Member(name=name, also=frozenset(), places=((*path, name),)) for name in parts] if len(parts) > 1 else []


def _is_called_model(name: str) -> bool:
    said = words(name)
    return said.endswith("_model") and said not in SECTIONS["model"] | SECTIONS["foreign"] and said not in SECTIONS["components"]


def _has_settings(part: dict[str, Json]) -> bool:
    return any(words(name) in SECTIONS["hyperparameters"] and isinstance(value, dict) and value for name, value in part.items())
