"""Holds what was understood against labels for every part of a file that may be understood: what was missed, and what is wrong.

A label is a source path (keys joined by `/`, `*` for any one key) and the meanings that are right there, joined by `|`. Below a label everything is labelled.
What the document says without a label is wrong, so that nothing passes unseen.

- `metric:NAME@SPLIT=VALUE[class=…;slice=…;average=…;threshold=…]`: the figure, told apart exactly so; `$1` is what the first star stands for, `~` before a
  value asks that it be part of what is found; `std:…` is its deviation. `own@SPLIT` is a figure under the name that the file gives it
- `absent`: nothing may come from there; `absent?`: nothing need
- a word of PLACES: where in the document it has to stand
"""

import re
from typing import Any

import msgspec

from backend.importing.pointers import matches, resolve, steps
from schemas.importing import ImportPreview
from tests.backend.importing.judge import PLACES as SINGLE

PLACES: dict[str, str] = {name: target for name, target in SINGLE.items() if name not in ("task", "trained_at")} | {
    "trained_at": "/training/finished_at",
    "started_at": "/training/started_at",
    "description": "/description",
    "family": "/algorithm/family",
    "format": "/algorithm/artifact_format",
    "use_cases": "/intended_use/use_cases/",
    "feature": "/features/",
    "features": "/features/",
    "feature_type": "/features/",
    "stats": "/features/",
    "split_rows": "/training/split_rows/",
    "ci": "/metrics/*/ci/",
    "n": "/metrics/*/n",
    "at": "/metrics/*/threshold",
    "label": "/metrics/*/",
    "slice": "/metrics/*/slice",
    "positive": "/task/positive_class",
}
_METRIC = re.compile(r"(?:(?P<part>metric|std):(?P<name>\w+)|(?P<own>own))(?:@(?P<split>\w+))?(?P<at>~)?(?:=(?P<value>[-\d.]+))?(?:\[(?P<told>[^\]]*)\])?")


_TOLD = re.compile(r"/metrics/\d+/(?:name|split|slice|class|average)")
"""What tells a figure apart: held against the label of the figure's value."""


class Judged(msgspec.Struct):
    """How many labels were to be met, which were not, and which leaves say what no label says."""

    asked: int
    missed: list[str]
    wrong: list[str]


def judged(preview: ImportPreview, gold: dict[str, str], file: Any) -> Judged:
    """The verdict on one file."""
    labels = {path: (meaning.split("|"), captured) for pattern, meaning in gold.items() for path, captured in _places(file, pattern)}
    said = _said(preview)
    asked = {path: told for path, told in labels.items() if not any(one in ("absent", "absent?") for one in told[0])}
    missed = [f"{path} is {'|'.join(told[0])}" for path, told in asked.items() if not any(_met(preview, said, path, one, told[1]) for one in told[0])]
    return Judged(
        len(asked),
        missed,
        [f"{target} from {source}" for target, source in said if not _TOLD.fullmatch(target) and not _right(preview, target, source, labels)],
    )


def _places(file: Any, pattern: str) -> list[tuple[str, tuple[str, ...]]]:
    found = [("".join(f"/{_escaped(step)}" for step in path), tuple(map(str, captured))) for path, captured, _ in matches(file, steps("/" + pattern))]
    assert found or pattern.endswith("_*"), pattern
    return found


def _escaped(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def _said(preview: ImportPreview) -> list[tuple[str, str]]:
    """Target and source of each leaf; of a figure's row its value speaks for what only tells figures apart."""
    told = re.compile(r"/metrics/\d+/\w+|/features/\d+/(?:type|importance/\d+/method)|/charts/\d+/(?:kind|split|orientation|labels/\d+)")
    return [
        (target, source)
        for target, source in preview.provenance.items()
        if not source.startswith("file:") and not (told.fullmatch(target) and preview.transforms.get(target) in ("key", "const"))
    ]


def _below(source: str, path: str) -> bool:
    return source == path or source.startswith(f"{path}/")


def _met(preview: ImportPreview, said: list[tuple[str, str]], path: str, meaning: str, captured: tuple[str, ...]) -> bool:
    own = [target for target, source in said if _below(source, path)]
    if meaning in ("features", "feature"):
        return any(target.startswith("/features/") and _below(source, path) for target, source in preview.provenance.items())
    if meaning == "importance":
        return any("/importance/" in target for target in own)
    return any(_means(preview, target, meaning, captured) for target in own)


def _right(preview: ImportPreview, target: str, source: str, labels: dict[str, tuple[list[str], tuple[str, ...]]]) -> bool:
    """A leaf is right when the nearest label above its source allows it."""
    path = source
    while path and path not in labels:
        path = path.rpartition("/")[0]
    if path not in labels:
        return False
    meanings, captured = labels[path]
    return any(_means(preview, target, meaning, captured) or _implied(target, meaning) for meaning in meanings)


def _implied(target: str, meaning: str) -> bool:
    """What follows from a value that means something else: two classes from a threshold, the library from its version's key."""
    implied = {
        "/task/type": ("classes", "threshold", "confusion", "metric", "own", "positive", "features"),
        "/algorithm/framework": ("framework_version",),
    }
    if re.fullmatch(r"/charts/\d+/labels/\d+", target):
        return meaning == "classes"  # a confusion matrix is labelled with the file's classes
    return target in implied and meaning.startswith(implied[target])


def _means(preview: ImportPreview, target: str, meaning: str, captured: tuple[str, ...]) -> bool:
    if metric := _METRIC.fullmatch(meaning):
        return _is_figure(preview, target, metric, captured)
    if meaning.startswith("task:"):
        return target == "/task/type" and resolve(preview.document, steps(target)) == meaning.removeprefix("task:")
    if meaning == "importance":
        return target.startswith("/features/")
    if meaning not in PLACES:
        assert meaning in ("absent", "absent?"), meaning
        return False
    place = PLACES[meaning]
    plain = re.sub(r"^/metrics/\d+/", "/metrics/*/", target)
    return plain.startswith(place) if place.endswith("/") else plain == place


def _is_figure(preview: ImportPreview, target: str, metric: re.Match[str], captured: tuple[str, ...]) -> bool:
    step = target.split("/")
    if len(step) != 4 or step[1] != "metrics" or step[3] != ("std" if metric["part"] == "std" else "value"):
        return False
    assert preview.document is not None
    row = preview.document["metrics"][int(step[2])]
    if metric["name"] and row["name"] != metric["name"]:
        return False
    if metric["value"] and row["value"] != float(metric["value"]):
        return False
    told = dict(pair.split("=", 1) for pair in (metric["told"] or "").split(";") if pair)
    told |= {"split": metric["split"]} if metric["split"] else {}
    return all(_same(row.get(name), told.get(name), captured) for name in ("split", "slice", "class", "average", "threshold"))


def _same(found: Any, wanted: str | None, captured: tuple[str, ...]) -> bool:
    if wanted is None or found is None:
        return wanted is None and found is None
    wanted = re.sub(r"\$(\d)", lambda at: captured[int(at[1]) - 1], wanted)
    return wanted[1:] in str(found) if wanted.startswith("~") else str(found) == wanted
