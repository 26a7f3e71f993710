"""Pure rules of the catalog: version numbers, and whether document and artifact name the same features."""

import re
from collections.abc import Mapping, Sequence

import msgspec
from anyascii import anyascii

from schemas.common import Issue
from schemas.model_document import Algorithm, Feature, ModelDocument, Task

VERSION = re.compile(r"v?(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,8}))?")
"""The pattern of `schemas.catalog.Semver`."""


def canonical_version(version: str) -> str:
    """Return the canonical number: `v1.2` and `1.2` are 1.2.0 (Semantic Versioning 2.0.0).

    >>> canonical_version("v1.2")
    '1.2.0'
    """
    parts = version.removeprefix("v").split(".")
    return ".".join([*parts, "0"][:3])


def label(version: str) -> str:
    """Return the short label: 1.2.0 is v1.2, 1.2.1 is v1.2.1.

    >>> label("1.2.0"), label("1.2.1")
    ('v1.2', 'v1.2.1')
    """
    return "v" + version.removesuffix(".0") if version.endswith(".0") and version.count(".") == 2 else "v" + version


def free_version(taken: Sequence[str], wanted: str | None) -> str:
    """Return the wanted version if it is valid and free; else the minor version after the highest.

    >>> free_version([], "2.1"), free_version(["1.2.0", "1.10.3"], "v1.2"), free_version([], "latest")
    ('2.1.0', '1.11.0', '1.0.0')
    """
    canonical = canonical_version(wanted) if wanted and VERSION.fullmatch(wanted) else None
    if canonical is not None and canonical not in taken:
        return canonical
    if not taken:
        return "1.0.0"
    major, minor, _ = max(tuple(int(part) for part in version.split(".")) for version in taken)
    return f"{major}.{minor + 1}.0"


def changed_version(taken: Sequence[str], of: str, *, minor: bool) -> str:
    """Return the number after `of` for a patch, or for a `minor` change: the first free number of its line.

    >>> changed_version(["1.2.0", "1.2.1", "1.4.0"], "1.2.0", minor=False), changed_version(["1.2.0", "1.4.0", "2.0.0"], "1.2.0", minor=True)
    ('1.2.2', '1.5.0')
    """
    numbers = [tuple(int(part) for part in version.split(".")) for version in taken]
    first, second, _ = (int(part) for part in of.split("."))
    if minor:
        return f"{first}.{max(number[1] for number in numbers if number[0] == first) + 1}.0"
    return f"{first}.{second}.{max(number[2] for number in numbers if number[:2] == (first, second)) + 1}"


def slug_of(name: str) -> str:
    """Return a slug made from a name.

    >>> slug_of("Credit scoring (v2)"), slug_of("3 trees"), slug_of("–"), slug_of("Кредитный скоринг"), slug_of("Überziehung größer")
    ('credit_scoring_v2', 'm_3_trees', 'model', 'kreditnyy_skoring', 'uberziehung_grosser')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", anyascii(name).lower()).strip("_")
    return (plain if plain[:1].isalpha() else f"m_{plain}" if plain else "model")[:63].rstrip("_")


def disagreements(document: ModelDocument, features: Sequence[str]) -> list[Issue]:
    """Return the differences between the document's and the artifact's inputs. A document without inputs has none."""
    named = {feature.name: index for index, feature in enumerate(document.features) if feature.role == "input"}
    if not named:
        return []
    missing = [Issue(pointer="/features", message=f"the artifact takes {name!r}, which the document does not list") for name in features if name not in named]
    known = set(features)
    extra = [Issue(pointer=f"/features/{at}/name", message=f"the artifact takes no {name!r}") for name, at in named.items() if name not in known]
    return missing + extra


def renamed(document: ModelDocument, features: Sequence[str]) -> list[str] | None:
    """Return the document's names of the artifact's features, in the artifact's order. None unless they differ only by `_`.

    Training libraries write `_` in the artifact for characters that they do not keep.

    >>> renamed(ModelDocument(name="m", features=[Feature(name="Net income"), Feature(name="age")]), ["age", "Net_income"])
    ['age', 'Net income']
    """
    named = [feature.name for feature in document.features if feature.role == "input"]
    kept = set(features)
    own = {name if name in kept else NOT_KEPT.sub("_", name): name for name in named}
    if len(own) != len(named) or set(own) != kept or set(named) == kept:
        return None
    return [own[name] for name in features]


NOT_KEPT = re.compile(r"[\s\",:\[\]{}<]")
"""Characters that training libraries refuse in feature names: LightGBM `",:[]{}`, XGBoost `[`, `]` and `<`. Trainers write `_` instead. LightGBM writes `_`
for a space.
"""


def name_changes(document: ModelDocument, features: Sequence[str], artifact: Sequence[str]) -> list[Issue]:
    """Return the differences between the artifact's own names and `features`, the names that callers use."""
    places = {feature.name: at for at, feature in enumerate(document.features)}
    return [
        Issue(
            pointer=f"/features/{places[name]}/name" if name in places else "/features",
            message=f"the artifact calls {name!r} {own!r}; requests send {name!r}, as the document says",
        )
        for name, own in zip(features, artifact, strict=True)
        if name != own
    ]


def completed(
    document: ModelDocument, features: Sequence[str], artifact_format: str, objective: str | None = None, classes: tuple[str, str] | None = None
) -> ModelDocument:
    """Return the document with the artifact's inputs in the artifact's order, and its format, task and classes (negative, positive).

    The document's descriptions of inputs stay. Each value keeps its source; the artifact's own facts have the source `artifact:`.
    """
    places = {feature.name: at for at, feature in enumerate(document.features)}
    inputs = [document.features[places[name]] if name in places else Feature(name=name) for name in features]
    others = [feature for feature in document.features if feature.role != "input"]
    moved = {places[feature.name]: at for at, feature in enumerate(inputs + others) if feature.name in places}
    said = {f"/features/{at}/name": f"{OF_ARTIFACT}/features/{at}" for at, name in enumerate(features) if name not in places}
    algorithm, task = document.algorithm or Algorithm(), document.task or Task()
    if algorithm.artifact_format != artifact_format:
        algorithm = msgspec.structs.replace(algorithm, artifact_format=artifact_format)
        said["/algorithm/artifact_format"] = f"{OF_ARTIFACT}/kind"
    if task.type is None and (known := task_of(objective)):
        task = msgspec.structs.replace(task, type=known)
        said["/task/type"] = f"{OF_ARTIFACT}/objective"
    if classes and task.type in (None, "binary_classification"):
        said |= {
            f"/task/{name}": f"{OF_ARTIFACT}/classes"
            for name, value in (("classes", list(classes)), ("positive_class", classes[1]))
            if getattr(task, name) != value
        }
        task = msgspec.structs.replace(task, classes=list(classes), positive_class=classes[1])
    known_sources = document.provenance or document.lineage
    return msgspec.structs.replace(
        document,
        features=inputs + others,
        algorithm=algorithm,
        task=task if task != Task() else document.task,
        provenance=_moved(document.provenance, moved) | said if known_sources else document.provenance,
        transforms={target: how for target, how in _moved(document.transforms, moved).items() if target not in said},
    )


OF_ARTIFACT = "artifact:"
"""The prefix of a source when the artifact itself gives the value."""


def _moved(said: Mapping[str, str], moved: Mapping[int, int]) -> dict[str, str]:
    """Return the provenance with the pointers of features moved to their new places."""

    def place(target: str) -> str:
        steps = target.split("/", 3)
        if steps[1:2] != ["features"] or len(steps) < 3 or int(steps[2]) not in moved:
            return target
        return "/".join(["", "features", str(moved[int(steps[2])]), *steps[3:]])

    return {place(target): source for target, source in said.items()}


_TASKS = (
    (r"rank|(?<!entropy_)lambda|ndcg|^map", "ranking"),
    (r"multi|softmax|softprob", "multiclass_classification"),
    (r"binary|logistic|logit|cross_?entropy(?!_lambda)", "binary_classification"),
    (r"^reg|cross_entropy_lambda|l1$|l2$|squared|mae|mape|huber|poisson|quantile|gamma|tweedie|^identity|absolute", "regression"),
)


def task_of(objective: str | None) -> str | None:
    """Return the task of an artifact's objective; None for an unknown objective.

    >>> task_of("binary sigmoid:1"), task_of("reg:squarederror"), task_of("multi:softprob"), task_of("rank:ndcg"), task_of("custom")
    ('binary_classification', 'regression', 'multiclass_classification', 'ranking', None)
    >>> task_of("cross_entropy"), task_of("cross_entropy_lambda"), task_of("lambdarank")
    ('binary_classification', 'regression', 'ranking')
    """
    return next((task for pattern, task in _TASKS if objective and re.search(pattern, objective.lower())), None)


def differences(document: ModelDocument, features: Sequence[str], artifact_format: str, objective: str | None, outputs: int) -> list[Issue]:
    """Return warnings where the document differs from the artifact: input order, format, task, number of classes. The artifact's facts count."""
    found = []
    named = [feature.name for feature in document.features if feature.role == "input"]
    if named and named != list(features) and sorted(named) == sorted(features):
        at = next(at for at, (ours, theirs) in enumerate(zip(named, features, strict=True)) if ours != theirs)
        message = f"input {at + 1} is {named[at]!r} in the document and {features[at]!r} in the artifact; the artifact's order counts"
        found.append(Issue(pointer=f"/features/{at}/name", message=message))
    said = document.algorithm.artifact_format if document.algorithm else None
    if said is not None and said != artifact_format:
        found.append(Issue(pointer="/algorithm/artifact_format", message=f"the document says {said}, the artifact is {artifact_format}"))
    task = document.task or Task()
    known = task_of(objective)
    if task.type is not None and known is not None and task.type != known:
        found.append(Issue(pointer="/task/type", message=f"the document says {task.type}, the artifact's objective {objective} is of {known}"))
    if task.type == "multiclass_classification" and len(task.classes) > 2 and outputs not in (1, len(task.classes)):
        found.append(Issue(pointer="/task/classes", message=f"the document names {len(task.classes)} classes, the artifact answers {outputs} numbers"))
    return found


def medians(document: ModelDocument, features: Sequence[str]) -> list[float] | None:
    """Return the row of the inputs' medians, when the document knows all of them."""
    said = {feature.name: feature.stats.median for feature in document.features if feature.stats and feature.stats.median is not None}
    return [said[name] for name in features] if all(name in said for name in features) else None
