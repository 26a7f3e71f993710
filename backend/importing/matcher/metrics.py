"""Reads measured figures: flat keys, maps by split, rows, reports by class, slices."""

import re
from typing import Any, Final

from backend.importing.matcher import reports, tables
from backend.importing.matcher.draft import Context, Draft, constant
from backend.importing.matcher.reports import AVERAGE, notation
from backend.importing.numbers_in_text import before_number, beside_number, read_in_words
from backend.importing.pointers import Path, items, resolve, text
from backend.importing.several.speaks import has_metrics
from backend.importing.transforms import is_number, is_percent, rough
from backend.importing.vocabulary import CELLS, FIELDS, FRACTIONS, SIGNED_FRACTIONS, VOCABULARY, MetricKey, metric_key, rows_of, section, split_of, words
from schemas.common import Json
from schemas.mapping import MappingPart, MappingRule

_NO_FIGURE: Final = re.compile(
    r"(?:^|_)(n|num|count|counts|total|time|duration|seconds|sec|ms|minutes|hours|rows|size|samples|support|id|seed|threshold|epoch|epochs|version|date"
    r"|target|goal|required|min|minimum|max|maximum|baseline|previous|old|benchmark|delta|change|diff|improvement|limit|expected|year|step|steps|fold|folds"
    r"|iteration|iterations|features|classes|columns|parameters|params|memory|mb|latency|cost|budget|tolerance|weight|weights|degrees|df|index|rank|trees"
    r"|epsilon|alpha|beta|gamma|sigma|lambda|lr|learning|dropout|dim|hidden|layers|batch|patience|momentum|decay|depth|leaves|estimators|neighbors|clusters"
    r"|penalty|temperature|regularization|subsample|img|image|length|window|horizon|lag|lags"
    r"|positives|negatives|interval|level|confidence|lower|upper|low|high|ci)(?:_|$)"
)


_NAMELESS: Final = frozenset(
    {"mean", "avg", "average", "std", "sd", "median", "score", "scores", "value", "best_score", "best", "test_score", "mean_score", "result"}
)
"""Statistics and scores whose keys do not name their metric."""


def scalar(draft: Draft, key: str, value: Json, path: Path, context: Context) -> bool:
    """Read a number under a key that names a figure."""
    if isinstance(value, str) and not is_number(value):
        return _in_words(draft, key, value, path, context)
    if not is_number(value) or context.local in ("dataset", "features", "rows", "threshold"):
        return False
    if context.flat and (trimmed := _without(key, context.flat)):
        return of_column(draft, value, path, context.flat) or bool(trimmed)
    found = metric_key(key)
    if draft.several and context.shared:
        return found is not None
    if found is None:
        return _of_class(draft, key, value, path, context) or _unknown(draft, key, path, context)
    if not _plausible(found, value) or (found.name == "loss" and found.split is None and _of_search(draft, path)):
        return False
    draft.metrics.append(
        MappingRule(kind="split_from_key", source=text(path), target="/metrics/*", parts=constant("split", None if found.split else context.split))
    )
    draft.says(f"metric:{found.name}", 2)
    return True


def _in_words(draft: Draft, key: str, value: str, path: Path, context: Context) -> bool:
    """Read a figure with words beside its number: `"AUC": "0.84 (test)"`."""
    found, amount = metric_key(key), read_in_words(value)
    if found is None or amount is None or found.part != "value" or context.local in ("dataset", "features", "rows", "threshold"):
        return False
    if draft.several and context.shared:
        return True
    parts = [
        MappingPart(target="name", const=found.name),
        MappingPart(target="value", transform="quantity"),
        *_told_split(value, found.split or context.split),
        *constant("average", found.average),
    ]
    draft.metrics.append(MappingRule(kind="rows", source=text(path), target="/metrics/*", parts=parts))
    draft.says(f"metric:{found.name}", 2)
    return True


def _told_split(value: str, above: str | None) -> list[MappingPart]:
    """Return the part for a figure's split. A split beside the number (`0.84 (test)`) counts before that of the headings."""
    if any(split_of(one) for one in beside_number(value)):
        return [MappingPart(target="split", transform="split_in_text")]
    return constant("split", above)


def sentence(draft: Draft, value: str, path: Path, context: Context) -> bool:
    """Read a few words that name a metric and give its figure."""
    key = metric_key(before_number(value)) if len(value) <= 160 else None
    if key is None or key.part != "value" or read_in_words(value) is None:
        return False
    _said_in_words(draft, text(path), context)
    draft.says(f"metric:{key.name}", 2)
    return True


def sentences(draft: Draft, value: list[Any], path: Path, context: Context) -> bool:
    """Read a list of sentences, some with figures."""
    if not all(isinstance(one, str) for one in value) or (draft.several and context.shared) or context.local in ("dataset", "features"):
        return False
    known = [key for one in value if len(one) <= 160 and (key := metric_key(before_number(one))) and read_in_words(one) is not None]
    if not known:
        return False
    _said_in_words(draft, f"{text(path)}/*", context)
    draft.says(f"metric:{known[0].name}", 2)
    return True


def _said_in_words(draft: Draft, source: str, context: Context) -> None:
    told = constant("split", context.split) or [MappingPart(target="split", transform="split_in_text")]
    parts = [MappingPart(target="name", transform="metric_in_text"), MappingPart(target="value", transform="quantity"), *told]
    draft.metrics.append(MappingRule(kind="rows", source=source, target="/metrics/*", parts=parts))


def _of_class(draft: Draft, key: str, value: Json, path: Path, context: Context) -> bool:
    """Read a figure whose key ends or begins with one of the file's classes: `recall_leave`, where a class is `Leave`."""
    said = words(key)
    for name, pointer in draft.classes.items():
        rest = said.removesuffix(f"_{name}") if said.endswith(f"_{name}") else said.removeprefix(f"{name}_") if said.startswith(f"{name}_") else ""
        found = metric_key(rest) if rest else None
        if found is None or found.part != "value" or not _plausible(found, value):
            continue
        parts = [
            MappingPart(target="name", const=found.name),
            MappingPart(target="value", transform=notation(value, found)),
            MappingPart(target="class", source=pointer, transform="text"),
            *constant("split", found.split or context.split),
        ]
        draft.metrics.append(MappingRule(kind="rows", source=text(path), target="/metrics/*", parts=parts))
        draft.says(f"metric:{found.name}", 2)
        return True
    return False


def _of_search(draft: Draft, path: Path) -> bool:
    """Return whether a search names the metric of its loss (`"best_loss": 0.19, "metric": "roc_auc"` is 1 - AUC)."""
    named = [one for name, one in items(resolve(draft.tree, path[:-1])) if words(str(name)) in _SOUGHT and isinstance(one, str)]
    return any((key := metric_key(one)) is not None and key.name != "loss" for one in named)


_SOUGHT: Final = frozenset({"metric", "scoring", "scorer", "eval_metric", "optimized_metric", "optimization_metric", "objective_metric", "sort_metric"})


def _plausible(found: MetricKey, value: Json) -> bool:
    """Return whether the value may be a figure. A fraction of 16 is a setting (`precision: 16`); one of 97.3 is a percentage, about which the hub asks."""
    size = abs(rough(value))
    if found.name in FRACTIONS | SIGNED_FRACTIONS and found.part == "value" and not is_percent(value):
        return size <= 1.0 or (size <= 100 and (isinstance(value, (float, str)) or found.percent or size > 32))
    return True


def _unknown(draft: Draft, key: str, path: Path, context: Context) -> bool:
    """Read a number of an unknown name within a part of figures, as a figure of that name."""
    if (
        not context.metrics
        or words(key) in _NAMELESS
        or _NO_FIGURE.search(words(key))
        or words(key) in CELLS
        or not words(key)
        or words(key).isdigit()
        or rows_of(key)
    ):
        return False
    draft.metrics.append(
        MappingRule(kind="split_from_key", source=text(path), target="/metrics/*", parts=constant("split", context.split)),
    )
    draft.says("figures", 0.75)
    return True


def _without(key: str, flat: str) -> str | None:
    said = words(key)
    rest = said.removeprefix(f"{flat}_") if said.startswith(f"{flat}_") else said.removesuffix(f"_{flat}") if said.endswith(f"_{flat}") else ""
    return rest or None


def of_column(draft: Draft, value: Json, path: Path, flat: str | None, heading: str | None = None) -> bool:
    """Read a figure of the picked model whose key also names the model, or that is in a column of figures."""
    named = [heading] if heading else [_without(str(step), flat) if flat else str(step) for step in reversed(path)]
    found = next((known for name in named if name and (known := metric_key(name))), None)
    if found is None or not is_number(value) or found.part != "value":
        return False
    transform = notation(value, found)
    parts = [
        MappingPart(target="name", const=found.name),
        MappingPart(target="value", transform=transform),
        *constant("split", found.split),
        *constant("average", found.average),
    ]
    draft.metrics.append(MappingRule(kind="rows", source=text(path), target="/metrics/*", parts=parts))
    return True


def entry(draft: Draft, key: str, value: Any, path: Path, context: Context) -> bool:
    """Read a container of figures: a report, slices, one figure with its details, rows of figures."""
    if context.local in ("dataset", "features"):
        return False
    if draft.several and context.shared:
        return isinstance(value, dict) and (metric_key(key) is not None or section(key, "report", "slices"))
    if isinstance(value, list):
        return tables.listed(draft, key, value, path, context)
    if _deviations(draft, key, value, path, context):
        return True
    split = split_of(key) or context.split
    return reports.by_class(draft, key, value, path, split) or reports.by_slice(draft, key, value, path, split) or _one(draft, key, value, path, context)


_STATISTIC: Final = re.compile(r"(?:^|_)(mean|avg|average|averages|std|stdev|sd|std_dev|stddev|standard_deviation|min|max|minimum|maximum|median)(?:_|$)")
_STD: Final = frozenset(VOCABULARY["modifiers"]["std"])


def _deviations(draft: Draft, key: str, value: dict[str, Any], path: Path, context: Context) -> bool:
    """Read the deviations in `{"mean": {"auc": 0.8}, "std": {"auc": 0.01}}`. Minima and maxima stay unmapped."""
    said = _STATISTIC.search(words(key))
    if not said or said[1] in ("mean", "avg", "average", "averages") or metric_key(key) or not has_metrics(value, 0):
        return False
    for name, one in value.items():
        found = metric_key(name)
        if said[1] in _STD and found and found.part == "value" and is_number(one):
            parts = [MappingPart(target="name", const=found.name), MappingPart(target="std", transform="number"), *constant("average", found.average)]
            parts += constant("split", found.split or split_of(key) or context.split)
            draft.metrics.append(MappingRule(kind="rows", source=text((*path, name)), target="/metrics/*", parts=parts))
    return True


def _one(draft: Draft, key: str, value: dict[str, Any], path: Path, context: Context) -> bool:
    """Read one figure from a map: its value with details, or its values by split or average."""
    found = metric_key(key)
    if found is None:
        return False
    source, fields = text(path), {words(name): name for name in value}
    figure = [MappingPart(target="name", const=found.name), *constant("average", found.average)]
    amount = next((fields[name] for name in FIELDS["metric_value"] if name in fields and is_number(value[fields[name]])), None)
    if amount is not None:
        parts = [
            *figure,
            MappingPart(target="value", source=text((amount,))[1:], transform=notation(value[amount], found)),
            *constant("split", found.split or context.split),
        ]
        parts += tables.details(value, fields)
        draft.metrics.append(MappingRule(kind="rows", source=source, target="/metrics/*", parts=parts))
        draft.says(f"metric:{found.name}", 2)
        return True
    known = False
    for name, one in value.items():
        average, split = AVERAGE.fullmatch(words(name)), split_of(name)
        if (average or split) and isinstance(one, dict):
            _one(draft, key, one, (*path, name), _in_split(context, split))
            known = True
        elif (average or split) and is_number(one):
            extra = constant("average", average[1] if average else None) + constant("split", split or found.split or context.split)
            parts = [*figure, MappingPart(target="value", transform=notation(one, found)), *extra]
            draft.metrics.append(MappingRule(kind="rows", source=text((*path, name)), target="/metrics/*", parts=parts))
            known = True
    if known:
        draft.says(f"metric:{found.name}", 2)
    return known


def _in_split(context: Context, split: str | None) -> Context:
    return Context(metrics=True, split=split or context.split, shared=context.shared, depth=context.depth + 1)


def unexplained(node: Json) -> set[str]:
    """Return the keys of sibling parts with the same figures and nothing that tells the parts apart. They stay unmapped, so that they are not blended."""
    parts = {str(name): found for name, value in items(node) if isinstance(value, dict) and not _explained(str(name)) and (found := has_metrics(value, 1))}
    return set(parts) if len(parts) > 1 and set.intersection(*parts.values()) else set()


def _explained(key: str) -> bool:
    plain = split_of(key) is None and metric_key(key) is None and not _STATISTIC.search(words(key))
    return not plain or section(key, "metrics", "report", "slices", "confusion", "foreign", "components")
