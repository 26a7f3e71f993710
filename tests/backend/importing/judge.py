"""Compares what was understood with labels: source path -> meaning. A label's source must have become the leaf that it means."""

import re
from typing import Any

from backend.importing.pointers import MISSING, resolve, steps
from schemas.importing import ImportPreview

PLACES = {
    "name": "/name",
    "version": "/version",
    "license": "/license",
    "target": "/task/target",
    "threshold": "/task/threshold",
    "classes": "/task/classes/",
    "task": "/task/type",
    "algorithm": "/algorithm/name",
    "framework": "/algorithm/framework",
    "framework_version": "/algorithm/framework_version",
    "base_model": "/algorithm/base_model",
    "hyperparams": "/training/hyperparameters/",
    "seed": "/training/seed",
    "trained_at": "/training/finished_at",
    "code": "/training/code",
    "dataset": "/training/dataset/",
    "rows": "/training/dataset/rows",
    "n_train": "/training/split_rows/train",
    "n_val": "/training/split_rows/validation",
    "n_test": "/training/split_rows/test",
    "owner": "/owners/",
    "purpose": "/intended_use/purpose",
    "prohibited": "/intended_use/prohibited/",
    "regions": "/intended_use/regions/",
    "considerations": "/considerations/",
    "confusion": "/charts/",
    "chart": "/charts/",
}
FEATURES = {
    "features": None,
    "feature": None,
    "features_num": ("number", "integer"),
    "features_cat": ("category", "boolean"),
    "importance": None,
    "feature_type": None,
}
METRIC = re.compile(r"(metric|std|ci):(\w+)(?:@(\w+))?(?:=([\d.]+))?")


def reached(preview: ImportPreview, source: str) -> dict[str, Any]:
    """The document's leaves that came from a source or from below it: target -> value."""
    return {
        target: resolve(preview.document, steps(target))
        for target, pointer in preview.provenance.items()
        if pointer == source or pointer.startswith(f"{source}/")
    }


def misses(preview: ImportPreview, gold: dict[str, str], file: Any) -> list[str]:
    """The labels that were not met, each with what was found instead."""
    return [f"{path} = {meaning}: {found}" for path, meaning in gold.items() if (found := _missing(preview, path, meaning, file)) is not None]


def _missing(preview: ImportPreview, path: str, meaning: str, file: Any) -> dict[str, Any] | None:
    found = reached(preview, "/" + path.removeprefix("!"))
    if path.startswith("!"):
        return found or None
    value = resolve(file, steps("/" + path))
    assert value is not MISSING, path
    kind = meaning.split(":")[0]
    if metric := METRIC.fullmatch(meaning):
        return None if any(_is_metric(preview, target, metric) for target in found) else found
    if kind in FEATURES:
        return None if _is_features(preview, found, kind, value) else found
    place = PLACES[kind]
    wanted = meaning.split(":")[1] if kind == "task" else None
    for target, one in found.items():
        if (target.startswith(place) if place.endswith("/") else target == place) and (wanted is None or one == wanted):
            return None
    return found


def _is_metric(preview: ImportPreview, target: str, metric: re.Match[str]) -> bool:
    kind, name, split, value = metric.groups()
    part = {"metric": "value", "std": "std", "ci": "ci"}[kind]
    steps_ = target.split("/")
    if len(steps_) < 4 or steps_[1] != "metrics" or steps_[3] != part:
        return False
    assert preview.document is not None
    row = preview.document["metrics"][int(steps_[2])]
    return row["name"] in (name, {"auc": "roc_auc"}.get(name)) and row.get("split") == split and (value is None or row["value"] == float(value))


def _is_features(preview: ImportPreview, found: dict[str, Any], kind: str, value: Any) -> bool:
    assert preview.document is not None
    rows = {int(target.split("/")[2]) for target in found if target.startswith("/features/")}
    given = [preview.document["features"][at] for at in rows]
    if kind == "importance":
        return bool(given) and all(row.get("importance") for row in given)
    if FEATURES[kind]:
        return isinstance(value, list) and len(rows) == len(value) and all(row.get("type") in FEATURES[kind] for row in given)
    return len(rows) == len(value) if isinstance(value, (list, dict)) and kind == "features" else bool(rows)
