"""Reads figures in rows: one figure per row, or one column per figure. Rows that the hub cannot tell apart stay unmapped."""

from typing import Any, Final

from backend.importing.matcher.draft import Context, Draft, constant
from backend.importing.matcher.reports import notation
from backend.importing.pointers import Path, text
from backend.importing.transforms import is_number, is_percent
from backend.importing.vocabulary import FIELDS, MetricKey, metric_key, section, split_of, words
from schemas.common import Json
from schemas.mapping import MappingPart, MappingRule, Transform

Rows = list[dict[str, Any]]
_STEPS: Final = ("epoch", "fold", "step", "iteration", "iter", "round", "cutoff_date", "window")
_INTERVALS: Final = ("ci", "ci_95", "confidence_interval", "ci95", "interval", "conf_int", "ci_95_pct", "confidence_interval_95")


def listed(draft: Draft, key: str, value: list[Any], path: Path, context: Context) -> bool:
    """Read rows of figures: `[{"name": "auc", "value": 0.8, "split": "test"}, …]`."""
    if _pairs(draft, key, value, path, context):
        return True
    rows = [row for row in value if isinstance(row, dict)]
    if not rows or len(rows) != len(value):
        return False
    fields = {words(name): name for row in rows for name in row}
    return _wide(draft, key, rows, fields, path, context) or _long(draft, key, rows, fields, path, context)


def _long(draft: Draft, key: str, rows: Rows, fields: dict[str, str], path: Path, context: Context) -> bool:
    """Read rows of one figure each."""
    name = next((fields[one] for one in FIELDS["metric_name"] if one in fields and all(isinstance(row.get(fields[one]), str) for row in rows)), None)
    amount = next((fields[one] for one in FIELDS["metric_value"] if one in fields and all(is_number(row.get(fields[one])) for row in rows)), None)
    if name is None or amount is None:
        return False
    known = [metric_key(row[name]) for row in rows]
    if not (context.metrics or section(key, "metrics") or sum(one is not None for one in known) * 2 > len(known)) or not any(known):
        return False
    tellers = {target: field for target, field in _tellers(key, rows, fields).items() if field not in (name, amount)}
    if _steps(fields) or not _distinct(
        rows, tellers, [(one.name, one.split, one.average, one.cls) if one else row[name] for one, row in zip(known, rows, strict=True)]
    ):
        return False
    percent = all(is_percent(row[amount]) for row in rows)
    inside = {field: text((field,))[1:] for field in fields.values()}
    parts = [
        MappingPart(target="name", source=inside[name], transform="metric"),
        MappingPart(target="value", source=inside[amount], transform="percent" if percent else "number"),
    ]
    if "split" not in tellers:
        parts += constant("split", context.split or split_of(key)) or [MappingPart(target="split", source=inside[name], transform="metric_split")]
    parts += [MappingPart(target=target, source=inside[field], transform=_READ[target]) for target, field in tellers.items()]
    more = details(rows[0], {said: field for said, field in fields.items() if said != "metric"})
    draft.metrics.append(
        MappingRule(kind="rows", source=f"{text(path)}/*", target="/metrics/*", parts=parts + [part for part in more if part.target not in tellers])
    )
    draft.says("metric:rows", 2)
    return True


_READ: Final[dict[str, Transform]] = {"split": "split", "threshold": "number", "class": "text", "slice": "text"}


def _tellers(key: str, rows: Rows, fields: dict[str, str]) -> dict[str, str]:
    """Return the fields that tell rows apart, by the part of a figure that each gives."""

    def column(kind: str, fits: Any) -> str | None:
        return next((fields[one] for one in FIELDS[kind] if one in fields and all(fits(row.get(fields[one])) for row in rows)), None)

    def scalar(value: Json) -> bool:
        return isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != ""

    found = {
        "split": column("metric_split", lambda value: value is None or (isinstance(value, str) and split_of(value) is not None)),
        "threshold": column("metric_threshold", is_number),
        "class": column("metric_class", scalar),
        "slice": column("metric_slice", scalar),
    }
    if found["split"] and all(row.get(found["split"]) is None for row in rows):
        found["split"] = None
    if section(key, "slices") and not found["slice"]:
        found["slice"] = next((name for name in fields.values() if all(isinstance(row.get(name), str) for row in rows) and name not in found.values()), None)
    if section(key, "report") and not found["class"]:
        found["class"] = next((name for name in fields.values() if all(isinstance(row.get(name), str) for row in rows) and name not in found.values()), None)
    return {target: field for target, field in found.items() if field is not None}


def _distinct(rows: Rows, tellers: dict[str, str], figures: list[Any]) -> bool:
    """Return whether the document can tell all rows apart."""
    seen = {(figure, *(str(row.get(field)) for field in tellers.values())) for figure, row in zip(figures, rows, strict=True)}
    return len(seen) == len(rows)


def _steps(fields: dict[str, str]) -> bool:
    return any(step in fields for step in _STEPS)


def _pairs(draft: Draft, key: str, value: list[Any], path: Path, context: Context) -> bool:
    """Read `[["accuracy", 0.9], ["f1", 0.85]]`."""
    if not value or not all(isinstance(row, list) and len(row) == 2 and isinstance(row[0], str) and metric_key(row[0]) and is_number(row[1]) for row in value):
        return False
    split = split_of(key) or context.split
    told = constant("split", split) or [MappingPart(target="split", source="0", transform="metric_split")]
    parts = [MappingPart(target="name", source="0", transform="metric"), MappingPart(target="value", source="1", transform="number"), *told]
    draft.metrics.append(MappingRule(kind="pairs", source=f"{text(path)}/*", target="/metrics/*", parts=parts))
    draft.says("metric:rows", 2)
    return True


def _wide(draft: Draft, key: str, rows: Rows, fields: dict[str, str], path: Path, context: Context) -> bool:
    """Read rows with one column per figure. Split, class, segment or threshold tell the rows apart, or each figure is in one row only."""
    known = {name: found for name in fields.values() if (found := metric_key(name)) and found.part == "value"}
    given = [name for row in rows for name, one in row.items() if name in known and is_number(one)]
    if not given or _steps(fields):
        return False
    tellers = {target: field for target, field in _tellers(key, rows, fields).items() if field not in known}
    if len(given) != len(set(given)) and not (tellers and _distinct(rows, tellers, [""] * len(rows)) and not _of_models(rows, fields, tellers)):
        return False
    counted = next((fields[one] for one in FIELDS["metric_n"] if one in fields and all(is_number(row.get(fields[one])) for row in rows)), None)
    for name, found in known.items():
        if name in given:
            draft.metrics.append(
                _column(path, name, found, next(row[name] for row in rows if is_number(row.get(name))), tellers, counted, split_of(key) or context.split)
            )
    draft.says("metric:rows", 2)
    return True


def _of_models(rows: Rows, fields: dict[str, str], tellers: dict[str, str]) -> bool:
    """Return whether the rows name different models, and so do not describe a single one."""
    named = next((fields[one] for one in FIELDS["model_name"] if one in fields and fields[one] not in tellers.values()), None)
    return named is not None and len({str(row.get(named)) for row in rows}) > 1


def _column(path: Path, name: str, found: MetricKey, sample: Json, tellers: dict[str, str], counted: str | None, split: str | None) -> MappingRule:
    figure = [MappingPart(target="name", const=found.name), MappingPart(target="value", transform=notation(sample, found)), *constant("average", found.average)]
    told = [MappingPart(target=target, source=f"{text(path)}/*{text((field,))}", transform=_READ[target]) for target, field in tellers.items()]
    if "split" not in tellers:
        told += constant("split", found.split or split)
    if counted is not None and tellers:
        told.append(MappingPart(target="n", source=f"{text(path)}/*{text((counted,))}", transform="integer"))
    return MappingRule(kind="rows", source=f"{text(path)}/*{text((name,))}", target="/metrics/*", parts=[*figure, *told])


def details(value: dict[str, Any], fields: dict[str, str]) -> list[MappingPart]:
    """Return the rest of a figure's map: deviation, interval, threshold, n, and the file's name for it."""
    parts = []
    for target in ("std", "ci/low", "ci/high", "threshold", "n"):
        names = FIELDS[{"ci/low": "ci_low", "ci/high": "ci_high"}.get(target, f"metric_{target}")]
        name = next((fields[one] for one in names if one in fields and is_number(value[fields[one]])), None)
        if name is not None:
            parts.append(MappingPart(target=target, source=text((name,))[1:], transform="integer" if target == "n" else "number"))
    interval = next((fields[one] for one in _INTERVALS if one in fields), None)
    if interval is not None and isinstance(value[interval], list) and len(value[interval]) == 2:
        parts += [MappingPart(target=f"ci/{end}", source=f"{text((interval,))[1:]}/{at}") for at, end in enumerate(("low", "high"))]
    label = next((fields[one] for one in ("metric", "label", "display_name", "full_name") if one in fields and isinstance(value[fields[one]], str)), None)
    return parts + ([MappingPart(target="label", source=text((label,))[1:])] if label is not None else [])
