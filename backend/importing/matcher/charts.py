"""Reads curves and confusion matrices."""

import re
from typing import Any, Final

from backend.importing.contradictions.confusion import confusion_row
from backend.importing.matcher.draft import Context, Draft, constant
from backend.importing.pointers import Path, items, text
from backend.importing.rules import CELLS as ORDER
from backend.importing.transforms import is_number
from backend.importing.vocabulary import CELLS, CURVES, FIELDS, section, split_of, words
from schemas.mapping import MappingPart, MappingRule

_CHART_AXES: Final = (("roc", ("fpr", "tpr")), ("pr", ("recall", "precision")), ("calibration", ("predicted", "observed")))
_MATRIX: Final = ("matrix", "values", "data", "cm", "confusion_matrix", "counts")
_FEW: Final = 20
_HINTS: Final = {"roc": "roc", "pr": "pr", "precision": "pr", "calibration": "calibration", "reliability": "calibration"}


def whole(draft: Draft, node: dict[str, Any], path: Path, context: Context) -> None:
    """Propose a matrix for each split from four counts among other keys (`test_tn`, `test_fp`, `test_fn`, `test_tp`)."""
    if not isinstance(node, dict):
        return
    found: dict[str, dict[str, str]] = {}
    for key, value in node.items():
        if is_number(value) and (cell := _cell(key)):
            found.setdefault(cell[1], {})[cell[0]] = key
    for rest, cells in found.items():
        if set(cells) == set(ORDER):
            draft.cells |= {(*path, key) for key in cells.values()}
            if not (draft.several and context.shared):
                parts = [MappingPart(target=cell, source=text((cells[cell],))[1:]) for cell in ORDER]
                draft.charts.append(
                    MappingRule(kind="confusion", source=text(path), parts=[*parts, *constant("split", split_of(rest) if rest else context.split)])
                )
                draft.const("/task/type", (*path, cells["tp"]), "binary_classification", 300)
                draft.says("chart", 2)


def _cell(key: str) -> tuple[str, str] | None:
    """Return the cell and the split: `test_tp` -> `("tp", "test")`."""
    said = words(key)
    if said in CELLS:
        return CELLS[said], ""
    for alias, cell in CELLS.items():
        if said.endswith(f"_{alias}"):
            return cell, said.removesuffix(f"_{alias}").removesuffix("_cm").removesuffix("_confusion_matrix")
        if said.startswith(f"{alias}_"):
            return cell, said.removeprefix(f"{alias}_")
    return None


def entry(draft: Draft, key: str, value: Any, path: Path, context: Context) -> bool:
    """Read a matrix or a curve under its own key."""
    if draft.several and context.shared:
        return section(key, "confusion")
    split = split_of(key) or context.split
    return (_is_confusion(key) and _confusion(draft, value, path, split)) or _curve(draft, key, value, path, split)


def _is_confusion(key: str) -> bool:
    said = words(key)
    return section(key, "confusion") or "confusion" in said or said.startswith("cm_") or said.endswith("_cm")


def _confusion(draft: Draft, value: Any, path: Path, split: str | None) -> bool:
    labels = _labels(draft)
    if isinstance(value, dict):
        fields = {words(name): name for name in value}
        inner = next((fields[one] for one in _MATRIX if one in fields and isinstance(value[fields[one]], list)), None)
        if inner is not None:
            named = next((fields[one] for one in ("labels", "classes", "class_names", "class_labels") if one in fields), None)
            return _matrix(draft, value[inner], (*path, inner), split, text((*path, named)) if named else labels)
        if any(_cell(name) for name in value):
            whole(draft, value, path, Context(split=split, shared=False))
            return bool(draft.charts)
        if all(split_of(name) for name in value):
            found = [_confusion(draft, one, (*path, name), split_of(name)) for name, one in value.items()]
            return any(found)
    return _matrix(draft, value, path, split, labels)


def _matrix(draft: Draft, value: Any, path: Path, split: str | None, labels: str | None) -> bool:
    row = confusion_row(draft.tree, path, {})
    if not row:
        return False
    parts = constant("split", split)
    if labels and isinstance(value, list):
        parts.append(MappingPart(target="labels", source=labels))
    draft.charts.append(MappingRule(kind="confusion", source=text(path), parts=parts))
    draft.const("/task/type", path, "binary_classification" if len(value) == 2 else "multiclass_classification", 400)
    draft.says("chart", 2)
    return True


def _labels(draft: Draft) -> str | None:
    """Return the place where the file names its classes, for matrices without labels."""
    classes = next((rule.source for rule in draft.lists if rule.target == "/task/classes/*" and rule.kind == "scalar"), None)
    return classes.removesuffix("/*") if classes else None


def _curve(draft: Draft, key: str, value: Any, path: Path, split: str | None) -> bool:
    """Read the arrays of a curve, which are side by side or a list of points."""
    points = isinstance(value, list) and len(value) > 1 and all(isinstance(one, dict) for one in value)
    sample = value[0] if points else value
    if not isinstance(sample, dict):
        return False
    if points and len(value) <= _FEW and any(words(name) in FIELDS["metric_threshold"] for name in sample):
        return False  # figures by threshold
    hint = next((kind for word, kind in _HINTS.items() if word in words(key).split("_")), None)
    if hint == "calibration" and points and _calibration(draft, value, path, split):
        return True
    if points and any(isinstance(one, str) and not is_number(one) for row in value for one in row.values()):
        return False  # figures by the field that the words name
    fields = {words(name): name for name in sample}
    for kind, axes in _CHART_AXES:
        found = [next((fields[one] for one in CURVES[axis] if one in fields), None) for axis in axes]
        if None in found or (hint and hint != kind) or (any(found[at] in ("x", "y") for at in (0, 1)) and not hint):
            continue
        columns = [str(one) for one in found]
        if points:
            if not all(is_number(one.get(name)) for one in value for name in columns):
                continue
        elif not all(isinstance(sample[name], list) and sample[name] and all(is_number(one) for _, one in items(sample[name])) for name in columns):
            continue
        star = "*/" if points else ""
        parts = [MappingPart(target=axis, source=f"{star}{text((name,))[1:]}", transform="number") for axis, name in zip(axes, columns, strict=True)]
        draft.charts.append(
            MappingRule(kind="rows", source=text(path), target="/charts/*", parts=[MappingPart(target="kind", const=kind), *parts, *constant("split", split)])
        )
        draft.says("chart", 2)
        return True
    if all(split_of(name) and isinstance(one, dict) for name, one in sample.items()) and sample and not points:
        inner = [_curve(draft, key, one, (*path, name), split_of(name)) for name, one in sample.items()]
        return any(inner)
    return False


_PREDICTED: Final = re.compile(r"(?:^|_)(predicted|pred|expected|forecast|forecasted|estimated|modelled|modeled|score_mean|mean_score|mean_probability)(?:_|$)")
_OBSERVED: Final = re.compile(r"(?:^|_)(observed|actual|empirical|realized|realised|true|event|default)(?:_|$)")
_COUNTED: Final = frozenset({*CURVES["count"], "accounts", "customers", "cases", "observations", "total", "population", "size"})


def _calibration(draft: Draft, value: list[dict[str, Any]], path: Path, split: str | None) -> bool:
    """Read a calibration table whose columns have domain names: `mean_predicted_pd` beside `observed_default_rate`."""
    numeric = [name for name in value[0] if all(is_number(row.get(name)) for row in value)]
    predicted = [name for name in numeric if _PREDICTED.search(words(name))]
    observed = [name for name in numeric if _OBSERVED.search(words(name)) and name not in predicted]
    if len(predicted) != 1 or len(observed) != 1:
        return False
    columns = [("predicted", predicted[0]), ("observed", observed[0])]
    counted = next((name for name in numeric if words(name) in _COUNTED), None)
    parts = [MappingPart(target=axis, source=f"*/{text((name,))[1:]}", transform="number") for axis, name in columns]
    if counted is not None:
        parts.append(MappingPart(target="count", source=f"*/{text((counted,))[1:]}", transform="integer"))
    kind = MappingPart(target="kind", const="calibration")
    draft.charts.append(MappingRule(kind="rows", source=text(path), target="/charts/*", parts=[kind, *parts, *constant("split", split)]))
    draft.says("chart", 2)
    return True
