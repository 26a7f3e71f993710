"""Reads figures by class (a classification report) and by segment."""

import re
from typing import Any, Final

from backend.importing.matcher.draft import Draft, constant
from backend.importing.pointers import Path, text
from backend.importing.several.speaks import has_metrics
from backend.importing.transforms import is_number, is_percent
from backend.importing.vocabulary import FIELDS, PERCENT_KEPT, MetricKey, metric_key, section, split_of, words
from schemas.common import Json
from schemas.mapping import MappingPart, MappingRule, Transform

AVERAGE: Final = re.compile(r"(macro|micro|weighted|samples)(?:_avg|_average)?")


def notation(value: Json, found: MetricKey) -> Transform | None:
    """Return the transform for a figure's notation: per cent, or a number in a string."""
    if (found.percent or is_percent(value)) and found.name not in PERCENT_KEPT:
        return "percent"
    return "number" if isinstance(value, str) else None


def by_class(draft: Draft, key: str, value: dict[str, Any], path: Path, split: str | None) -> bool:
    """Read figures by class: scikit-learn's `classification_report`, or a map like it."""
    rows = {name: row for name, row in value.items() if isinstance(row, dict) and {"precision", "recall", "f1"} & has_metrics(row, 0)}
    averages = {name: said[1] for name in rows if (said := AVERAGE.fullmatch(words(name)))}
    if not rows or not (averages or section(key, "report")) or any(split_of(name) for name in rows):
        return False
    source, skip = text(path), sorted({name.lower() for name in value if name in averages or name not in rows})
    fields = {name: found for row in rows.values() for name in row if (found := metric_key(name)) and found.part == "value"}
    support = next((name for row in rows.values() for name in row if words(name) in FIELDS["metric_n"]), None)
    for name, found in fields.items():
        figure = [MappingPart(target="name", const=found.name), MappingPart(target="value"), *constant("split", found.split or split)]
        if len(averages) < len(rows):
            counted = [MappingPart(target="n", source=f"{source}/*{text((support,))}", transform="integer")] if support else []
            parts = [*figure, MappingPart(target="class", key=1), *counted]
            draft.metrics.append(MappingRule(kind="rows", source=f"{source}/*{text((name,))}", target="/metrics/*", parts=parts, skip=skip))
        for average, word in averages.items():
            counted = [MappingPart(target="n", source=text((*path, average, support)), transform="integer")] if support and support in rows[average] else []
            parts = [*figure, *constant("average", word), *counted]
            draft.metrics.append(MappingRule(kind="rows", source=text((*path, average, name)), target="/metrics/*", parts=parts))
    for name, alone in value.items():
        if is_number(alone) and metric_key(name):
            draft.metrics.append(MappingRule(kind="split_from_key", source=text((*path, name)), target="/metrics/*", parts=constant("split", split)))
    draft.says("metric:report", 2)
    return True


def by_slice(draft: Draft, key: str, value: dict[str, Any], path: Path, split: str | None) -> bool:
    """Read figures by segment, with one more level if the segments are grouped (`by_gender`)."""
    if not section(key, "slices"):
        return False
    source = text(path)
    for name, row in value.items():
        if not isinstance(row, dict):
            continue
        if not has_metrics(row, 0):
            by_slice(draft, "slices", row, (*path, name), split)
            continue
        for figure in row:
            found = metric_key(figure)
            if found and found.part == "value" and is_number(row[figure]):
                parts = [
                    MappingPart(target="name", const=found.name),
                    MappingPart(target="value", transform=notation(row[figure], found)),
                    MappingPart(target="slice", key=1),
                ]
                rule = MappingRule(
                    kind="rows", source=f"{source}/*{text((figure,))}", target="/metrics/*", parts=[*parts, *constant("split", found.split or split)]
                )
                if rule not in draft.metrics:
                    draft.metrics.append(rule)
    return True
