"""The class of a score's probability, settled at upload from the artifact's classes, the document and the uploader's statement."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.catalog.artifacts import ArtifactFacts
from backend.catalog.errors import ClassUnclear
from backend.catalog.rules import task_of
from schemas.common import Issue
from schemas.model_document import ModelDocument, Task

CLASS_AT, STATED_AT = "/task/positive_class", "/positive_class"
CODES = (("0", "1"), ("-1", "1"), ("False", "True"))
"""Labels that are codes. By convention the second is the positive class, and a document may name both."""
NEGATIVE = frozenset({"0", "0.0", "-1", "false", "no", "n", "negative"})
"""Names that people do not give to label 1."""
PLAIN = NEGATIVE | {"1", "1.0", "true", "yes", "y", "positive"}
"""Names that contain their label."""


@dataclass(frozen=True)
class ServedClass:
    """The meaning of an artifact's score.

    `classes` are the artifact's own; `names` are the version's names for them (negative, positive). `column` is the score's place among a row's numbers.
    `meaning` describes the score; `told` are warnings about the document.
    """

    classes: tuple[str, ...]
    names: tuple[str, str] | None
    column: int
    meaning: str
    told: list[Issue]


def served_class(facts: ArtifactFacts, document: ModelDocument, stated: str | None = None, *, sampled: bool = False) -> ServedClass:
    """Return the meaning of the score. Raises ClassUnclear when it is not settled.

    `stated` is the artifact's class that the uploader wants served. `sampled` says that sample rows are checked next against the probability of the document's
    positive class.
    """
    task = document.task or Task()
    classes = _classes(facts, task)
    if not classes:
        if stated is not None:
            raise _unclear(STATED_AT, f"the artifact gives a plain number without classes; leave positive_class ({stated!r}) out")
        return ServedClass((), None, 0, _plain(facts), [])
    chosen = _stated(facts, classes, stated) if stated is not None else _settled(facts, classes, task, sampled)
    names = _names(classes, chosen, task)
    return ServedClass(
        classes,
        names,
        chosen if facts.columns == 2 else 0,
        _words(facts, classes[chosen], names[1]),
        _told(classes, chosen, task, names, sampled and stated is None),
    )


def _classes(facts: ArtifactFacts, task: Task) -> tuple[str, ...]:
    """Return the artifact's classes. When it does not name its two classes, return their codes."""
    if facts.classes:
        return facts.classes
    return ("0", "1") if facts.columns == 2 or facts.probability or (facts.probability is None and task.type == "binary_classification") else ()


def _stated(facts: ArtifactFacts, classes: tuple[str, ...], stated: str) -> int:
    at = next((at for at, name in enumerate(classes) if name.lower() == stated.lower()), None)
    if at is None:
        raise _unclear(STATED_AT, f"the artifact's classes are {_list(classes)}; {stated!r} is none of them")
    if facts.columns == 1 and at != len(classes) - 1:
        raise _unclear(STATED_AT, _one_only(classes, stated))
    return at


def _settled(facts: ArtifactFacts, classes: tuple[str, ...], task: Task, sampled: bool) -> int:
    """Return the index of the class on which document and artifact agree, in the artifact's order."""
    said = task.positive_class
    places = {name.lower(): at for at, name in enumerate(classes)}
    if facts.columns == 2 and not facts.classes and said is None:
        raise _unclear(
            CLASS_AT, "the artifact gives two numbers a row and does not name their classes; state positive_class: 0 for the first, 1 for the second"
        )
    if said is not None and said.lower() in places:
        at = places[said.lower()]
        if facts.columns == 1 and at != len(classes) - 1:
            raise _unclear(CLASS_AT, f"the document's positive class is {said!r}. {_one_only(classes, said)}")
        return at
    coded = classes in CODES or {name.lower() for name in classes} in ({"0", "1"}, {"-1", "1"}, {"false", "true"})
    if not coded:
        wanted = f"the document's positive class is {said!r}" if said is not None else "the document names no positive class"
        raise _unclear(CLASS_AT, f"{wanted}, and the artifact's classes are {_list(classes)}; state positive_class as one of them")
    if said is not None and _backward(said, task.classes):
        raise _unclear(
            CLASS_AT,
            f"the document's positive class is {said!r}, and the artifact only knows {_list(classes)}: nothing says whether {classes[-1]} is {said!r}. "
            f"State positive_class {classes[-1]!r} if it is; else train with the labels exchanged",
        )
    if not sampled and (words := _words_for(task)):
        raise _unclear(CLASS_AT, _unlinked(classes, words))
    return len(classes) - 1


def _words_for(task: Task) -> list[str]:
    """Return the document's class names, the positive one last, when the names do not contain their labels."""
    names = [*(name for name in task.classes if name != task.positive_class), *([task.positive_class] if task.positive_class is not None else [])]
    return names if any(name.strip().lower() not in PLAIN for name in names) else []


def _unlinked(classes: tuple[str, ...], words: list[str]) -> str:
    one, wrapped = classes[-1], sorted(words)[-1]
    called = "its positive class" if len(words) == 1 else "its classes"
    hint = f" (scikit-learn wrappers number text labels in alphabetical order: there it is {wrapped!r})" if len(words) == 2 else ""
    return (
        f"the document calls {called} {_list(words)}, the artifact only knows {_list(classes)}, and nothing says what {one} is{hint}. "
        f"State positive_class {one!r} if {one} is {words[-1]!r} (else train with the labels exchanged), or send sample rows with expected answers"
    )


def _backward(said: str, names: list[str]) -> bool:
    """Return whether a document's positive class may be the artifact's label 0: it is listed first of two, or has such a name."""
    return (len(names) == 2 and names[0] == said) or said.strip().lower() in NEGATIVE


def _names(classes: tuple[str, ...], chosen: int, task: Task) -> tuple[str, str]:
    """Return the version's names for its negative and its positive class."""
    own, other = classes[chosen], next((name for at, name in enumerate(classes) if at != chosen), f"not {classes[chosen]}")
    coded = classes in CODES and chosen == 1
    if not coded or task.positive_class is None or task.positive_class.lower() in {name.lower() for name in classes}:
        two = task.classes if coded and task.positive_class is None and len(task.classes) == 2 else (other, own)
        return two[0], two[1]
    negative = next((name for name in task.classes if name != task.positive_class), f"not {task.positive_class}") if len(task.classes) == 2 else None
    return negative or f"not {task.positive_class}", task.positive_class


def _told(classes: tuple[str, ...], chosen: int, task: Task, names: tuple[str, str], sampled: bool) -> list[Issue]:
    said = task.positive_class
    if said is not None and said.lower() != names[1].lower():
        return [Issue(pointer=CLASS_AT, message=f"the document says {said!r}; as stated at the upload, the probability of {names[1]!r} is served")]
    if len(task.classes) > 2:
        return [Issue(pointer="/task/classes", message=f"the document names {len(task.classes)} classes, the artifact has two")]
    if sampled and names[1] not in classes and _words_for(task):
        message = f"{classes[chosen]} is read as {names[1]!r}, because the sample rows match: their expected answers are read as those of {names[1]!r}"
        return [Issue(pointer=CLASS_AT if said is not None else "/task/classes", message=message)]
    return []


def _words(facts: ArtifactFacts, own: str, name: str) -> str:
    what = "log-odds" if facts.objective == "binary:logitraw" else "label, 0 or 1," if facts.objective == "binary:hinge" else "probability"
    return f"the {what} of {name}" + (f" (the artifact's class {own})" if own != name else "")


def _plain(facts: ArtifactFacts) -> str:
    known = task_of(facts.objective)
    return {"ranking": "a ranking score", "regression": "the predicted value"}.get(known or "", "a number")


def _one_only(classes: tuple[str, ...], said: str) -> str:
    last = classes[-1]
    return f"the artifact gives the probability of {last} alone, not of {said}. Make {last} the positive class, or train with the labels exchanged"


def _list(classes: Sequence[str]) -> str:
    return " and ".join(repr(name) for name in classes)


def _unclear(pointer: str, message: str) -> ClassUnclear:
    return ClassUnclear(issues=[Issue(pointer=pointer, message=message)])
