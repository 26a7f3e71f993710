"""Measured figures: flat keys, maps by split, rows, reports by class, slices."""

import re
from typing import Any, Final

from backend.importing.matcher import reports
from backend.importing.matcher.draft import Context, Draft, constant
from backend.importing.matcher.reports import AVERAGE, notation
from backend.importing.pointers import Path, items, text
from backend.importing.rules import Part, Rule
from backend.importing.several import has_metrics
from backend.importing.transforms import is_number, is_percent, number
from backend.importing.vocabulary import CELLS, FIELDS, FRACTIONS, SIGNED_FRACTIONS, MetricKey, metric_key, rows_of, section, split_of, words
from schemas.common import Json

_NO_FIGURE: Final = re.compile(
    r"(?:^|_)(n|num|count|counts|total|time|duration|seconds|sec|ms|minutes|hours|rows|size|samples|support|id|seed|threshold|epoch|epochs|version|date"
    r"|target|goal|required|min|minimum|max|maximum|baseline|previous|old|benchmark|delta|change|diff|improvement|limit|expected|year|step|steps|fold|folds"
    r"|iteration|iterations|features|classes|columns|parameters|params|memory|mb|latency|cost|budget|tolerance|weight|weights|degrees|df|index|rank|trees"
    r"|positives|negatives|interval|level|confidence|lower|upper|low|high|ci)(?:_|$)"
)


def scalar(draft: Draft, key: str, value: Json, path: Path, context: Context) -> bool:
    """A key that names a figure."""
    if not is_number(value) or context.local in ("dataset", "features", "rows", "threshold"):
        return False
    if context.flat and (trimmed := _without(key, context.flat)):
        return of_column(draft, value, path, context.flat) or bool(trimmed)
    found = metric_key(key)
    if draft.several and context.shared:
        return found is not None
    if found is None:
        return _unknown(draft, key, path, context)
    if not _plausible(found, value):
        return False
    draft.metrics.append(Rule(kind="split_from_key", source=text(path), target="/metrics/*", parts=constant("split", None if found.split else context.split)))
    draft.says(f"metric:{found.name}", 2)
    return True


def _plausible(found: MetricKey, value: Json) -> bool:
    """A fraction of 16 is no figure but a setting (`precision: 16`); one of 97.3 is a percentage, which is asked about."""
    size = abs(float(number(value)))
    if found.name in FRACTIONS | SIGNED_FRACTIONS and found.part == "value" and not is_percent(value):
        return size <= 1.0 or (size <= 100 and (isinstance(value, (float, str)) or found.percent or size > 32))
    return True


def _unknown(draft: Draft, key: str, path: Path, context: Context) -> bool:
    """Within a part of figures, a number of another name is a figure of that name."""
    if not context.metrics or _NO_FIGURE.search(words(key)) or words(key) in CELLS or not words(key) or words(key).isdigit() or rows_of(key):
        return False
    draft.metrics.append(
        Rule(kind="split_from_key", source=text(path), target="/metrics/*", parts=constant("split", context.split)),
    )
    draft.says("figures", 0.75)
    return True


def _without(key: str, flat: str) -> str | None:
    said = words(key)
    rest = said.removeprefix(f"{flat}_") if said.startswith(f"{flat}_") else said.removesuffix(f"_{flat}") if said.endswith(f"_{flat}") else ""
    return rest or None


def of_column(draft: Draft, value: Json, path: Path, flat: str | None) -> bool:
    """A figure of the picked model whose key also names the model, or that stands in a column of figures."""
    named = [_without(str(step), flat) if flat else str(step) for step in reversed(path)]
    found = next((known for name in named if name and (known := metric_key(name))), None)
    if found is None or not is_number(value) or found.part != "value":
        return False
    transform = notation(value, found)
    parts = [
        Part(target="name", const=found.name),
        Part(target="value", transform=transform),
        *constant("split", found.split),
        *constant("average", found.average),
    ]
    draft.metrics.append(Rule(kind="rows", source=text(path), target="/metrics/*", parts=parts))
    return True


def entry(draft: Draft, key: str, value: Any, path: Path, context: Context) -> bool:
    """A container that holds figures: a report, slices, one figure with its details, rows of figures."""
    if context.local in ("dataset", "features"):
        return False
    if draft.several and context.shared:
        return isinstance(value, dict) and (metric_key(key) is not None or section(key, "report", "slices"))
    if isinstance(value, list):
        return _listed(draft, key, value, path, context)
    split = split_of(key) or context.split
    return reports.by_class(draft, key, value, path, split) or reports.by_slice(draft, key, value, path, split) or _one(draft, key, value, path, context)


def _one(draft: Draft, key: str, value: dict[str, Any], path: Path, context: Context) -> bool:
    """One figure as a map: its value with details, or its values by split or average."""
    found = metric_key(key)
    if found is None:
        return False
    source, fields = text(path), {words(name): name for name in value}
    figure = [Part(target="name", const=found.name), *constant("average", found.average)]
    amount = next((fields[name] for name in FIELDS["metric_value"] if name in fields and is_number(value[fields[name]])), None)
    if amount is not None:
        parts = [
            *figure,
            Part(target="value", source=text((amount,))[1:], transform=notation(value[amount], found)),
            *constant("split", found.split or context.split),
        ]
        parts += _details(value, fields)
        draft.metrics.append(Rule(kind="rows", source=source, target="/metrics/*", parts=parts))
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
            parts = [*figure, Part(target="value", transform=notation(one, found)), *extra]
            draft.metrics.append(Rule(kind="rows", source=text((*path, name)), target="/metrics/*", parts=parts))
            known = True
    if known:
        draft.says(f"metric:{found.name}", 2)
    return known


def _in_split(context: Context, split: str | None) -> Context:
    return Context(metrics=True, split=split or context.split, shared=context.shared, depth=context.depth + 1)


def _details(value: dict[str, Any], fields: dict[str, str]) -> list[Part]:
    """The rest of a figure's map: deviation, interval, threshold, n, and what the file calls it."""
    parts = []
    for target in ("std", "ci/low", "ci/high", "threshold", "n"):
        names = FIELDS[{"ci/low": "ci_low", "ci/high": "ci_high"}.get(target, f"metric_{target}")]
        name = next((fields[one] for one in names if one in fields and is_number(value[fields[one]])), None)
        if name is not None:
            parts.append(Part(target=target, source=text((name,))[1:], transform="integer" if target == "n" else "number"))
    interval = next((fields[one] for one in ("ci", "ci_95", "confidence_interval", "ci95", "interval") if one in fields), None)
    if interval is not None and isinstance(value[interval], list) and len(value[interval]) == 2:
        parts += [Part(target=f"ci/{end}", source=f"{text((interval,))[1:]}/{at}") for at, end in enumerate(("low", "high"))]
    label = next((fields[one] for one in ("metric", "label", "display_name", "full_name") if one in fields and isinstance(value[fields[one]], str)), None)
    return parts + ([Part(target="label", source=text((label,))[1:])] if label is not None else [])


def _listed(draft: Draft, key: str, value: list[Any], path: Path, context: Context) -> bool:
    """Rows of figures: `[{"name": "auc", "value": 0.8, "split": "test"}, …]`."""
    if _pairs(draft, key, value, path, context):
        return True
    rows = [row for row in value if isinstance(row, dict)]
    if not rows or len(rows) != len(value):
        return False
    fields = {words(name): name for row in rows for name in row}
    if _wide(draft, rows, fields, path, split_of(key) or context.split):
        return True
    name = next((fields[one] for one in FIELDS["metric_name"] if one in fields and all(isinstance(row.get(fields[one]), str) for row in rows)), None)
    amount = next((fields[one] for one in FIELDS["metric_value"] if one in fields and all(is_number(row.get(fields[one])) for row in rows)), None)
    if name is None or amount is None:
        return False
    known = [metric_key(row[name]) for row in rows]
    if not (context.metrics or section(key, "metrics") or sum(one is not None for one in known) * 2 > len(known)) or not any(known):
        return False
    percent = all(is_percent(row[amount]) for row in rows)
    inside = {field: text((field,))[1:] for field in fields.values()}
    parts = [
        Part(target="name", source=inside[name], transform="metric"),
        Part(target="value", source=inside[amount], transform="percent" if percent else "number"),
    ]
    split = next(
        (fields[one] for one in FIELDS["metric_split"] if one in fields and all(isinstance(row.get(fields[one]), (str, type(None))) for row in rows)), None
    )
    if split is not None:
        parts.append(Part(target="split", source=inside[split], transform="split"))
    elif context.split or split_of(key):
        parts += constant("split", context.split or split_of(key))
    else:
        parts.append(Part(target="split", source=inside[name], transform="metric_split"))
    for target in ("class", "slice"):
        field = next((fields[one] for one in FIELDS[f"metric_{target}"] if one in fields), None)
        parts += [Part(target=target, source=inside[field], transform="text")] if field is not None else []
    draft.metrics.append(
        Rule(kind="rows", source=f"{text(path)}/*", target="/metrics/*", parts=parts + _details(rows[0], {k: v for k, v in fields.items() if k != "metric"}))
    )
    draft.says("metric:rows", 2)
    return True


def _pairs(draft: Draft, key: str, value: list[Any], path: Path, context: Context) -> bool:
    """`[["accuracy", 0.9], ["f1", 0.85]]`."""
    if not value or not all(isinstance(row, list) and len(row) == 2 and isinstance(row[0], str) and metric_key(row[0]) and is_number(row[1]) for row in value):
        return False
    split = split_of(key) or context.split
    told = constant("split", split) or [Part(target="split", source="0", transform="metric_split")]
    parts = [Part(target="name", source="0", transform="metric"), Part(target="value", source="1", transform="number"), *told]
    draft.metrics.append(Rule(kind="pairs", source=f"{text(path)}/*", target="/metrics/*", parts=parts))
    draft.says("metric:rows", 2)
    return True


def _wide(draft: Draft, rows: list[dict[str, Any]], fields: dict[str, str], path: Path, split: str | None) -> bool:
    """Rows with a column for each figure: one row a split, or each figure in one row only. Rows that share figures and nothing tells apart are left alone."""
    known = {name: found for name in fields.values() if (found := metric_key(name)) and found.part == "value"}
    told = next((fields[one] for one in FIELDS["metric_split"] if one in fields and all(split_of(str(row.get(fields[one]))) for row in rows)), None)
    given = [name for row in rows for name, one in row.items() if name in known and is_number(one)]
    if not given or (told is None and len(given) != len(set(given))):
        return False
    for name, found in known.items():
        if name in given:
            of = (
                [Part(target="split", source=f"{text(path)}/*{text((told,))}", transform="split")]
                if told is not None
                else constant("split", found.split or split)
            )
            amount = next(row[name] for row in rows if is_number(row.get(name)))
            figure = [Part(target="name", const=found.name), Part(target="value", transform=notation(amount, found)), *constant("average", found.average)]
            draft.metrics.append(Rule(kind="rows", source=f"{text(path)}/*{text((name,))}", target="/metrics/*", parts=[*figure, *of]))
    draft.says("metric:rows", 2)
    return True


def unexplained(node: Json) -> set[str]:
    """The keys of parts side by side that give the same figures, where nothing says what tells them apart: left alone rather than blended."""
    parts = {str(name): found for name, value in items(node) if isinstance(value, dict) and not _explained(str(name)) and (found := has_metrics(value, 1))}
    return set(parts) if len(parts) > 1 and set.intersection(*parts.values()) else set()


def _explained(key: str) -> bool:
    return split_of(key) is not None or metric_key(key) is not None or section(key, "metrics", "report", "slices", "confusion", "foreign")
