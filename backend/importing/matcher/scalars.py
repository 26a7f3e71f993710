"""Reads single values: names, dates, thresholds, counts of rows, figures."""

import re
from typing import Final

from backend.importing.matcher import metrics
from backend.importing.matcher.draft import Context, Draft
from backend.importing.pointers import Path, items, resolve, text
from backend.importing.transforms import Refused, count, is_date, is_number, rough, task_type
from backend.importing.vocabulary import (
    HYPERPARAMETERS,
    LIBRARIES,
    LIBRARY_NAMES,
    LISTS,
    LOCAL,
    STRONG,
    TASKS,
    VOCABULARY,
    WEAK,
    names_algorithm,
    rows_of,
    split_of,
    words,
)
from schemas.common import Json
from schemas.mapping import MappingPart, MappingRule, Transform

_FILE: Final = re.compile(r".*\.(pkl|pickle|joblib|onnx|json|txt|h5|keras|pt|pth|bin|csv|parquet|ubj|model|yaml|yml|py|ipynb|zip)", re.IGNORECASE)
_PLACE: Final = re.compile(r"\S*(?:[/\\]|\.\w{2,8}(?:\.\w{2,4})?$)\S*|\S{1,200}$")
_CHOSEN: Final = ("best", "selected", "final", "chosen", "winning", "champion")
_COUNTS: Final = frozenset(VOCABULARY["modifiers"]["count"])
_POINTS: Final = {"/algorithm/name": 2, "/task/target": 1, "/task/threshold": 1, "/task/type": 1, "/version": 0.5, "/intended_use/purpose": 0.5}
_OTHER_THRESHOLD: Final = re.compile(
    r"(?:^|_)(drift|psi|alert|monitor|monitoring|missing|min|minimum|max|maximum|correlation|corr|vif|variance|importance|accuracy|auc|f1|recall|precision"
    r"|significance|p|pvalue|iou|nms|similarity|latency|gate|quality|retrain|retraining|outlier|feature|selection|ks|gini)(?:_|$)"
)
"""Keys of thresholds that are not for a decision."""
_CHOSEN_SPLITS: Final = ("train", "validation", "test", "holdout")


def entry(draft: Draft, key: str, value: Json, path: Path, context: Context) -> None:
    """Read a key with a single value."""
    said = words(key)
    if _rows(draft, said, value, path, context) or metrics.scalar(draft, key, value, path, context) or _sentence(draft, said, value, path, context):
        return
    own = 0 if context.shared else -100  # the picked model's own values come first
    if context.local and (target := _local(context.local, said, value)) and fits(target, value):
        put(draft, target, value, path, own + 20, said)
        return
    for table, rank in ((STRONG, 0), (WEAK, 40)):
        if table is WEAK and not (context.model and context.local in (None, "model", "training")):
            return
        for target, place in table.get(said, ()):
            if (
                fits(target, value)
                and _sure(said, target, value)
                and not _of_another(draft, said, target, value, context)
                and not _of_evaluation(draft, target, context)
            ):
                put(draft, target, value, path, own + rank + place, said)
                return
    if said.endswith("_threshold") and context.model and is_number(value) and 0 < rough(value) < 1 and not _OTHER_THRESHOLD.search(said) and not draft.several:
        put(draft, "/task/threshold", value, path, own + 35, said)
        return
    if _library_version(draft, said, value, path):
        return
    if said in HYPERPARAMETERS and context.model and not isinstance(value, dict) and not _is_prose(value):
        draft.hyperparameters.append((path, MappingRule(kind="scalar", source=text(path), target=f"/training/hyperparameters{text((key,))}")))
        draft.says(f"setting:{said}", 0.5)


def _local(part: str, said: str, value: Json) -> str | None:
    """Return the target of a key within a part of the file. An address as a source is the data's location, not its name."""
    target = LOCAL.get(part, {}).get(said)
    return "/training/dataset/uri" if target == "/training/dataset/name" and isinstance(value, str) and "://" in value else target


def _is_prose(value: Json) -> bool:
    """Return whether a text is a remark (`max F0.5 at an alert budget`) and no setting, which is a number or a few words."""
    return isinstance(value, str) and (len(value) > 60 or value.count(" ") > 2)


def _of_evaluation(draft: Draft, target: str, context: Context) -> bool:
    """Return whether a number of rows counts the evaluated rows, not those of the training: in a report of an evaluation, outside a part about data."""
    counts = target in ("/training/dataset/rows", "/training/split_rows/train")
    return counts and context.local not in ("dataset", "rows", "training") and any(words(str(name)) in _EVALUATED for name, _ in items(draft.root))


_EVALUATED: Final = frozenset(
    {"evaluated_on", "evaluated_at", "evaluation_date", "evaluation_period", "validated_at", "validated_on", "validation_date", "validated_model", "validator"}
    | {"backtest_date", "backtest_period", "monitoring_date", "monitoring_period", "reporting_period", "report_period", "review_date", "monitored_model"}
    | {"evaluated_model", "assessed_model", "reviewed_model", "scored_at", "scoring_date", "reporting_date"}
)


def _library_version(draft: Draft, said: str, value: Json, path: Path) -> bool:
    """Read `"sklearn": "1.5.2"`: the version of a library, if it is the only one among its siblings that trains models."""
    if said not in LIBRARY_NAMES or not isinstance(value, str) or not _VERSION.fullmatch(value):
        return False
    beside = [name for name, one in items(resolve(draft.tree, path[:-1])) if words(str(name)) in LIBRARY_NAMES and isinstance(one, str)]
    if len(beside) == 1:
        draft.single("/algorithm/framework_version", path, 60)
        draft.const("/algorithm/framework", path, LIBRARY_NAMES[said], 160)
    return True


_VERSION: Final = re.compile(r"v?\d{1,4}(?:\.\d{1,6}){1,3}(?:[.\-+]?[a-z0-9]{1,12})?")


def _rows(draft: Draft, said: str, value: Json, path: Path, context: Context) -> bool:
    """Read a count of a split's rows."""
    named = rows_of(said) or (split_of(said) if context.local in ("rows", "dataset") else None)
    split = named or (context.split if said in _COUNTS and context.split else None)
    if split is None or (rows := whole(value)) is None or rows < 2 or _is_no_count(draft, value, path, context):
        return False
    draft.single(f"/training/split_rows/{split}", path, 10, "integer" if is_number(value) else "count")
    return True


def _is_no_count(draft: Draft, value: Json, path: Path, context: Context) -> bool:
    """Return whether a number counts no rows: `{"train": 70, "validation": 15, "test": 15}` are per cent, `"data": {"train": 2022, "test": 2023}` are years."""
    beside = [rough(one) for name, one in items(resolve(draft.tree, path[:-1])) if (rows_of(str(name)) or split_of(str(name))) and is_number(one)]
    if context.local == "dataset" and not rows_of(str(path[-1])) and beside and all(_YEARS[0] <= one < _YEARS[1] for one in beside):
        return True
    return len(beside) > 1 and sum(beside) == 100


_YEARS: Final = (1990, 2100)


def _sentence(draft: Draft, said: str, value: Json, path: Path, context: Context) -> bool:
    """Read a limitation or note as one text, or a figure in a few words (`PR-AUC = 0.41 (strong)`)."""
    if not isinstance(value, str) or context.local in ("dataset", "features") or (draft.several and context.shared):
        return False
    if metrics.sentence(draft, value, path, context):
        return True
    if LISTS.get(said) != "considerations" or len(path) > 2 or len(value) < 8:
        return False
    draft.lists.append(MappingRule(kind="rows", source=text(path), target="/considerations/*", parts=[MappingPart(target="")]))
    return True


def whole(value: Json) -> int | None:
    """Return the whole number in a value or in its few words (`"12,500 customers"`)."""
    try:
        return int(count(value))
    except (Refused, OverflowError):
        return None


def put(draft: Draft, target: str, value: Json, path: Path, rank: int, said: str) -> None:
    """Add a candidate for a target, with the transform that the value needs."""
    if target == "/owners/*/name":
        draft.lists.append(MappingRule(kind="rows", source=text(path), target="/owners/*", parts=[MappingPart(target="name")]))
        return
    draft.single(target, path, rank, _transform(target, value))
    if target == "/algorithm/framework_version" and said in LIBRARIES:
        draft.const("/algorithm/framework", path, LIBRARIES[said], 100 + rank)
    points = 2 if target == "/name" and rank < 20 else 1 if target == "/name" else _POINTS.get(target, 0)
    if points:
        draft.says(f"model:{target}" if said.startswith("model_") else target, points)


def _transform(target: str, value: Json) -> Transform | None:
    if target == "/task/type":
        return "task_type"
    if target in ("/training/seed", "/training/dataset/rows") or target.startswith("/training/split_rows/"):
        return "integer" if is_number(value) else "count"
    if target == "/task/threshold":
        return "number" if isinstance(value, str) else None
    if target.endswith(("started_at", "finished_at")):
        return "date"
    return None if isinstance(value, str) else "text"


def fits(target: str, value: Json) -> bool:
    """Return whether the target can have this value. A file's name is no model's name, `classification` no algorithm."""
    if target in ("/training/seed", "/training/dataset/rows") or target.startswith("/training/split_rows/"):
        found = whole(value)
        return found is not None and found >= 0
    if target == "/task/threshold":
        return is_number(value) and -100 < rough(value) < 100
    if target.endswith(("started_at", "finished_at")):
        return is_date(value) or (is_number(value) and 6.3e8 < rough(value) < 4e12)
    if target == "/task/type":
        return _is_task(value)
    if target == "/version":
        return isinstance(value, (str, int, float)) and not isinstance(value, bool) and len(str(value)) <= 40
    if target == "/task/positive_class":
        return isinstance(value, (str, int, bool))
    if target == "/training/dataset/uri":
        return isinstance(value, str) and _PLACE.match(value.strip()) is not None
    if target == "/training/dataset/name" and isinstance(value, str) and "://" in value:
        return False
    if target.endswith("/framework_version"):
        return isinstance(value, (str, int, float)) and any(letter.isdigit() for letter in str(value))
    return isinstance(value, str) and _says_something(target, value.strip())


def _says_something(target: str, value: str) -> bool:
    if not value or value.lower() in ("none", "null", "n/a", "na", "unknown", "tbd", "nan", "-"):
        return False
    if target == "/algorithm/name":
        a_task = (_is_task(value) and not _more_than_task(value)) or words(value) in _KINDS_OF_TASK
        return len(value) <= 200 and not _FILE.fullmatch(value) and not a_task and not is_date(value)
    if target == "/name":
        return len(value) <= 200 and not _FILE.fullmatch(value) and "\n" not in value
    if target == "/task/target":
        return len(value) <= 200 and words(value) not in _KINDS_OF_TASK
    return len(value) <= 200 if target.startswith(("/algorithm", "/license", "/owners", "/training/dataset")) else len(value) <= 20_000


def _more_than_task(value: str) -> bool:
    """Return whether a text that begins with the name of a task is an algorithm: `régression logistique`."""
    return words(value) not in TASKS and " " in value.strip() and names_algorithm(value)


_KINDS_OF_TASK: Final = frozenset(
    {"classification", "regression", "classifier", "regressor", "supervised", "unsupervised", "supervised_learning", "model", "ml"}
)


def _is_task(value: Json) -> bool:
    try:
        return isinstance(value, str) and bool(task_type(value))
    except Refused:
        return False


def _sure(said: str, target: str, value: Json) -> bool:
    """Return whether the key names an algorithm. `type` and the like do so only if their value looks like one."""
    return (
        target != "/algorithm/name"
        or said not in ("type", "class", "kind", "method", "network", "approach")
        or (names_algorithm(str(value)) and not set(words(str(value)).split("_")) <= _SAYS_NOTHING)
    )


_SAYS_NOTHING: Final = frozenset({"model", "test", "demo", "final", "new", "my", "best", "prod", "dev", "v1", "v2", "1", "2"})


def _of_another(draft: Draft, said: str, target: str, value: Json, context: Context) -> bool:
    """Return whether a value is about another model: in a file with several, the best one's values are not those of each."""
    if target == "/name" and said == "model" and names_algorithm(str(value)) and context.shared and not draft.several:
        return True  # `"model": "Random Forest"` is the algorithm
    if not draft.several or not context.shared or not (target.startswith("/algorithm/name") or target == "/task/threshold"):
        return False
    if (
        target.startswith("/algorithm/name")
        and not said.startswith(_CHOSEN)
        and not any(one.is_called(str(value)) or names_algorithm(one.name) for one in draft.several)
    ):
        return False  # one value for all of them
    return target == "/task/threshold" or not (draft.picked and draft.picked.is_called(str(value)))
