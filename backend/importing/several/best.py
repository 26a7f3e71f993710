"""Finds the model that a file calls its best, by name or by figures that only one model has; and the figures that tell the models apart."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from backend.importing.pointers import MISSING, Path, items, resolve, text
from backend.importing.several.member import Member
from backend.importing.transforms import Refused, is_number, number
from backend.importing.vocabulary import metric_key, section, split_of, words
from schemas.common import Json
from schemas.importing import Candidate

_CHOSEN: Final = ("best", "selected", "final", "chosen", "winning", "winner", "champion", "recommended", "top")
_MAX_FIGURES: Final = 6


def candidates(tree: Json, members: list[Member]) -> tuple[list[Member], list[Candidate]]:
    """Return the models to choose from, the best first, each with its figures."""
    given = {member.name: figures(tree, member) for member in members}
    best, why = _named(tree, members)
    if best is None:
        best, why = _equal(tree, members, given)
    ordered = [best, *(member for member in members if member is not best)] if best is not None else members
    shown = [Candidate(name=one.name, figures=dict(list(given[one.name].items())[:_MAX_FIGURES]), best_by=why if one is best else None) for one in ordered]
    return ordered, shown


def figures(tree: Json, member: Member) -> dict[str, float]:
    """Return a model's own figures: `roc_auc` or `test roc_auc` -> value."""
    found: dict[str, float] = {}
    for at, place in enumerate(member.places):
        value = resolve(tree, place)
        if isinstance(value, dict):
            for name, one in _within(value, 2):
                found.setdefault(name, one)
        elif value is not MISSING:
            heading = member.headings[at] if member.headings else _without(str(place[-1]), member.flat)
            for named in (heading, *(str(step) for step in reversed(place))):
                if metric_key(named):
                    _note(found, named, value, None)
                    break
    return found


def _without(key: str, flat: str | None) -> str:
    return words(key).removeprefix(f"{flat}_").removesuffix(f"_{flat}") if flat else key


def _within(node: dict[str, Json], depth: int, split: str | None = None) -> Iterator[tuple[str, float]]:
    for name, value in node.items():
        if isinstance(value, dict) and depth and (section(name, "metrics") or split_of(name)):
            yield from _within(value, depth - 1, split_of(name) or split)
        else:
            found: dict[str, float] = {}
            _note(found, name, value, split)
            yield from found.items()


def _note(found: dict[str, float], key: str, value: Json, split: str | None) -> None:
    known = metric_key(key)
    if known is None or known.part != "value" or not is_number(value):
        return
    with suppress(Refused):
        told = known.split or split
        found.setdefault(f"{told} {known.name}" if told else known.name, float(number(value)))


def _chosen(tree: Json) -> Iterator[tuple[Path, Json]]:
    """Yield the values of keys about the best model, at the top and one level below."""
    for path, node in [((), tree), *(((name,), below) for name, below in items(tree) if isinstance(below, dict))]:
        for name, value in items(node):
            if words(str(name)).startswith(_CHOSEN):
                yield (*path, name), value


def _named(tree: Json, members: list[Member]) -> tuple[Member | None, str | None]:
    for path, value in _chosen(tree):
        for said in (value, *(one for _, one in items(value))):
            called = [member for member in members if isinstance(said, str) and member.is_called(said)]
            if len(called) == 1 and not any(path[: len(place)] == place for member in members for place in member.places):
                return called[0], text(path)
    return None, None


def _equal(tree: Json, members: list[Member], given: dict[str, dict[str, float]]) -> tuple[Member | None, str | None]:
    """Return the one model with exactly the figures of the best, and the place of those figures."""
    for path, value in _chosen(tree):
        if any(path[: len(place)] == place for member in members for place in member.places):
            continue
        wanted = {name.split()[-1]: one for name, one in _within(value, 1)} if isinstance(value, dict) else _alone(str(path[-1]), value)
        same = [member for member in members if wanted and all(_has(given[member.name], name, one) for name, one in wanted.items())]
        if len(same) == 1:
            return same[0], text(path)
    return None, None


def _alone(key: str, value: Json) -> dict[str, float]:
    """Return the best model's figures among plain values: `best_auc: 0.83`, or `best_score: 0.83` of any metric."""
    known = metric_key(key)
    if not is_number(value) or (known is None and not words(key).endswith(("score", "value", "result"))):
        return {}
    with suppress(Refused):
        return {known.name if known else "": float(number(value))}
    return {}


def _has(own: dict[str, float], name: str, value: float) -> bool:
    return any(one == value and name in ("", said.split()[-1]) for said, one in own.items())
