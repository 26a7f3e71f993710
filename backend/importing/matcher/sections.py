"""Parts of a file with a heading: the words that count within each, and the parts about something else."""

import re
from typing import Any, Final

from backend.importing.matcher import importance, lists, scalars, shared
from backend.importing.matcher.draft import Context, Draft
from backend.importing.pointers import Path, items, steps, text
from backend.importing.several.speaks import has_metrics
from backend.importing.vocabulary import LIBRARY_NAMES, SECTIONS, STRONG_ALGORITHM, VOCABULARY, WEAK, metric_key, section, split_of, words
from schemas.mapping import MappingRule

_SETTINGS: Final = re.compile(r"(?:^|_)(params|hyperparams|hyperparameters|hparams|kwargs|hyper_parameters|hyper_params)_?$")
_SEARCH: Final = re.compile(r"(?:^|_)(search|grid|space|distributions|distribution|tested|candidates|ranges)(?:_|$)")
_OPERATIONS: Final = re.compile(
    r"(?:^|_)(stability|latency|operational|system|resource|resources|infra|monitoring|drift|usage|uptime|health|serving|business)_(metrics|stats|kpis)$"
)
"""Headings of figures of the service or the business, not of the model."""
_LOCAL: Final = {
    "framework": ("framework", "library", "ml_framework"),
    "algorithm": ("algorithm", "estimator", "classifier", "regressor", "learner", "model_architecture", "architecture"),
    "task": ("task", "problem", "problem_definition", "prediction_task", "task_info"),
    "target": (
        "target",
        "target_info",
        "label",
        "target_variable",
        "outcome",
        "response",
        "target_definition",
        "outcome_definition",
        "label_definition",
        "target_field",
        "output_field",
        "prediction_target",
        "response_variable",
        "dependent_variable",
    ),
    "license": ("license", "licence"),
    "threshold": ("threshold", "thresholds", "decision_threshold", "decision"),
}
_VERSIONS: Final = (
    "environment",
    "versions",
    "environment_versions",
    "library_versions",
    "package_versions",
    "dependencies",
    "software",
    "packages",
    "libraries",
)
_TRAINING_ELSEWHERE: Final = ("entrainement", "apprentissage", "entrenamiento", "treino", "treinamento", "addestramento", "trening", "uczenie", "traning")
_TRAINING: Final = (
    "training",
    "training_info",
    "training_run",
    "training_job",
    "train_run",
    "training_details",
    "training_metadata",
    "run",
    "run_info",
    *_TRAINING_ELSEWHERE,
)
_CURRENT: Final = ("champion_model", "current_production", "current_model", "production_model", "deployed_model")
"""Headings of the model itself, or of a model to compare it with if the file has another."""


def hyperparameters(draft: Draft, key: str, value: dict[str, Any], path: Path, context: Context) -> bool:
    """Read the settings of a training, unchanged."""
    said = words(key)
    if not value or not (said in SECTIONS["hyperparameters"] or _SETTINGS.search(said)) or _SEARCH.search(said):
        return False
    if draft.several and context.shared and shared.settings_of_one(draft, said, value, path):
        return True
    if has_metrics(value, 0) - {"precision"} or any(section(name, "metrics", "features") and isinstance(one, dict) for name, one in value.items()):
        return False
    if any(name.lower() in importance.CONSTANT for name in value):  # statistics packages say parameters for coefficients
        return importance.entry(draft, "coefficients", value, path, context)
    draft.hyperparameters.append((path, MappingRule(kind="scalar", source=text(path), target="/training/hyperparameters")))
    draft.says("hyperparameters", 2 if len(value) > 1 else 1)
    return True


def enter(draft: Draft, key: str, value: dict[str, Any], path: Path, context: Context) -> Context | None:
    """Return the context within this part; None if the part is not read."""
    said = words(key)
    below = Context(
        model=False, metrics=context.metrics, split=split_of(key) or context.split, shared=context.shared, depth=context.depth + 1, flat=context.flat
    )
    if (
        said in SECTIONS["foreign"] | SECTIONS["components"]
        or _OPERATIONS.search(said)
        or _of_other(draft, said, value)
        or lists.mapping_of_classes(draft, key, value, path)
    ):
        return None
    if _people(draft, said, value, path) or (said in _VERSIONS and _versions(draft, value, path)):
        return None
    local = next((name for name, headings in _LOCAL.items() if said in headings), None)
    if local:
        return _with(below, local=local, metrics=False)
    if said in SECTIONS["intended_use"] | SECTIONS["considerations"]:
        return _with(below, local="intended_use", metrics=False)
    return _of_data(said, below) if _is_data(said, value, context) else _of_model(said, key, value, below, context)


def _of_other(draft: Draft, said: str, value: dict[str, Any]) -> bool:
    others = {name: one for name, one in items(draft.root) if one is not value and isinstance(name, str)}
    return said in _CURRENT and bool(has_metrics(others) or any(words(str(name)) in STRONG_ALGORITHM for name in others))


def _with(context: Context, **changes: Any) -> Context:
    return Context(**{name: changes.get(name, getattr(context, name)) for name in ("model", "metrics", "split", "local", "shared", "depth", "flat")})


def _is_data(said: str, value: dict[str, Any], context: Context) -> bool:
    if said not in SECTIONS["features"] and has_metrics(value, 1):
        return False
    return said in SECTIONS["rows"] | SECTIONS["dataset"] | SECTIONS["features"]


def _of_data(said: str, below: Context) -> Context:
    local = "rows" if said in SECTIONS["rows"] and said not in SECTIONS["dataset"] else "features" if said in SECTIONS["features"] else "dataset"
    return _with(below, local=local, metrics=False)


def _of_model(said: str, key: str, value: dict[str, Any], below: Context, context: Context) -> Context:
    if context.local in ("dataset", "rows", "features"):
        return _with(below, local="rows" if split_of(key) and context.local != "features" else context.local)
    if context.local == "models" or (said in SECTIONS["models"] and len(value) == 1 and isinstance(next(iter(value.values())), dict)):
        alone = context.local != "models"  # the only model of a list of one
        return _with(below, model=True, local="models" if alone else None, metrics=not alone and bool(has_metrics(value, 0)))
    metrics = (
        said in SECTIONS["metrics"] or said.endswith(("_metrics", "_scores", "_performance")) or (split_of(key) is not None and bool(has_metrics(value, 0)))
    )
    identity = {"/name", "/version"} <= {target for name in value for target, _ in WEAK.get(words(name), ())}
    model = (said in SECTIONS["model"] or identity) and (context.model or context.depth == 0)
    return _with(
        below,
        model=model,
        local="training" if said in _TRAINING else below.local,
        metrics=(metrics and not (model and not has_metrics(value, 0))) or (context.metrics and metric_key(key) is None),
    )


def _people(draft: Draft, said: str, value: dict[str, Any], path: Path) -> bool:
    return said in ("owner", "author", "contact", "model_owner", "developer", "maintainer") and lists.owner(draft, value, text(path))


def _versions(draft: Draft, value: dict[str, Any], path: Path) -> bool:
    """Read `{"python": "3.11", "scikit-learn": "1.5.0"}`: the version of the only library among them that trains models."""
    known = [(name, LIBRARY_NAMES[words(name)]) for name, one in value.items() if words(name) in LIBRARY_NAMES and isinstance(one, str)]
    if len(known) == 1 and scalars.fits("/algorithm/framework_version", value[known[0][0]]):
        place = (*path, known[0][0])
        draft.single("/algorithm/framework_version", place, 60)
        draft.const("/algorithm/framework", place, known[0][1], 160)
    return bool(known)


_PROTOCOLS: Final = frozenset(
    {"protocol", "evaluation_protocol", "validation", "validation_method", "validation_strategy", "validation_scheme", "evaluation", "evaluation_method"}
    | {"evaluation_strategy", "cv_strategy", "cv", "cross_validation", "evaluated_on", "eval_set", "evaluation_set", "measured_on", "split", "metrics_split"}
)
_SAYS: Final = (
    (re.compile(r"cross[- ]?valid|\bk-?fold|\d+[- ]?fold|\bcv\b|out[- ]of[- ]fold|leave[- ]one[- ]out", re.IGNORECASE), "cross_validation"),
    (re.compile(r"hold[- ]?out|held[- ]out|out[- ]of[- ]time", re.IGNORECASE), "holdout"),
    (re.compile(r"\btest\b", re.IGNORECASE), "test"),
    (re.compile(r"\bvalidation set\b|\bdev set\b", re.IGNORECASE), "validation"),
    (re.compile(r"\btrain", re.IGNORECASE), "train"),
)


def protocol(node: Any) -> str | None:
    """Return the one split that a part states for its figures: `{"protocol": "10-fold cross-validation", "accuracy": 0.8}`."""
    said = {
        split
        for name, value in items(node)
        if isinstance(value, str) and len(value) <= 80 and words(str(name)) in _PROTOCOLS
        for pattern, split in _SAYS
        if pattern.search(value)
    }
    return said.pop() if len(said) == 1 else None


def conclude(draft: Draft) -> None:
    """Add what follows from the finds: a threshold or a positive class means two classes."""
    for target in ("/task/threshold", "/task/positive_class"):
        for _, _, rule in draft.singles.get(target, ())[:1]:
            draft.const("/task/type", steps(rule.source), "binary_classification", 600)
    named = {name.removeprefix("metric:") for name in draft.evidence if name.startswith("metric:")}
    if named & set(VOCABULARY["bounds"]["regression"]) and not named & set(VOCABULARY["bounds"]["classification"]):
        sources = [rule.source for rule in draft.metrics if "*" not in rule.source]
        for source in sources[:1]:
            draft.const("/task/type", steps(source), "regression", 700)
