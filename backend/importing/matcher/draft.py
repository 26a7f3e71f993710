"""The matcher's finds so far: rules by subject, so that the mapping has a sensible order."""

from typing import Final

import msgspec

from backend.importing.pointers import Path, text
from backend.importing.rules import MAX_RULES
from backend.importing.several.member import Member
from schemas.common import Json
from schemas.mapping import MappingPart, MappingRule, Transform

NEEDED: Final = 2
"""Points of evidence from which a file is about a model."""


PART: Final = 1.5
"""Points from which a file is part of a model's description, if some fact in it can only be about a model: features, a threshold, a library's version.
"""
_OF_ANY_FILE: Final = frozenset({"/name", "/version", "/intended_use/purpose", "features"})
GUESSED: Final = 50
"""The rank of a list that looks like one of features, but may hold some of them only. Several such lists together hold all."""


class Context(msgspec.Struct, frozen=True):
    """The position in the file: facts from the keys above."""

    model: bool = True
    """Whether plain words (name, version, threshold) are about the model here."""
    metrics: bool = False
    """Whether this is within a part of measured figures."""
    split: str | None = None
    local: str | None = None
    """The part, if it has its own words: dataset, task, algorithm, framework."""
    shared: bool = True
    """Whether this is outside of the picked model, in a file with several."""
    depth: int = 0
    flat: str | None = None


class Draft:
    """The rules found, and the evidence that the file is about a model."""

    def __init__(self, tree: Json, several: list[Member], picked: Member | None, best: str | None = None) -> None:
        self.tree = tree
        self.root: Json = tree[0] if isinstance(tree, list) and len(tree) == 1 else tree
        """The file's map, or the only map in its list."""
        self.several = several
        self.picked = picked
        self.best = best
        """The name of the model that the file calls its best."""
        self.hidden = {place for member in several if member is not picked for place in member.places}
        self.own = dict.fromkeys(picked.places if picked else ())
        self.singles: dict[str, list[tuple[int, int, MappingRule]]] = {}
        self.features: list[tuple[int, MappingRule]] = []
        self.typed: list[MappingRule] = []
        self.details: list[MappingRule] = []
        self.metrics: list[MappingRule] = []
        self.charts: list[MappingRule] = []
        self.hyperparameters: list[tuple[Path, MappingRule]] = []
        self.lists: list[MappingRule] = []
        self.names: set[str] = set()
        self.classes: dict[str, str] = {}
        """The file's classes as words, and the place of each."""
        self.cells: set[Path] = set()
        self.evidence: dict[str, float] = {}

    def single(self, target: str, path: Path, rank: int, transform: Transform | None = None, words: dict[str, str] | None = None) -> None:
        """Add a candidate for a place that holds one value. The lowest rank wins, then the least deep, then the first."""
        rule = MappingRule(kind="scalar", source=text(path), target=target, transform=transform, words=words or {})
        self.singles.setdefault(target, []).append((rank, len(path), rule))

    def const(self, target: str, path: Path, word: str, rank: int = 500) -> None:
        """Add a word of the vocabulary because the file implies it."""
        self.singles.setdefault(target, []).append((rank, len(path), MappingRule(kind="const", source=text(path), target=target, const=word)))

    def says(self, what: str, points: float) -> None:
        """Add points of evidence that the file describes a model; negative ones count against it."""
        self.evidence[what] = max(points, self.evidence.get(what, points))

    def is_model(self) -> bool:
        """Return whether the file describes a model."""
        points = sum(self.evidence.values())
        return bool(self.several) or points >= NEEDED or (points >= PART and not _OF_ANY_FILE.issuperset(self.evidence))

    def rules(self) -> list[MappingRule]:
        """Return the mapping, the best candidates first."""
        found = [rule for _, rules in sorted(self.singles.items()) for _, _, rule in sorted(rules, key=lambda one: one[:2])]
        complete = sorted((one for one in self.features if one[0] < GUESSED), key=lambda one: one[0])
        found += [complete[0][1]] if complete else [rule for _, rule in self.features]
        typed = [msgspec.structs.replace(rule, existing=bool(complete)) for rule in self.typed]
        details = [msgspec.structs.replace(rule, existing=rule.existing and bool(complete or typed)) for rule in self.details]
        return [*found, *typed, *details, *self._hyperparameters(), *self.lists, *self.charts, *self.metrics][:MAX_RULES]

    def _hyperparameters(self) -> list[MappingRule]:
        """Return the rules for hyperparameters: a single set as it is, several sets under their own names."""
        sets = [rule for _, rule in self.hyperparameters if rule.target == "/training/hyperparameters"]
        if len(sets) < 2:
            return [rule for _, rule in self.hyperparameters]
        return [
            msgspec.structs.replace(rule, target=f"/training/hyperparameters{text(path[-1:])}") if rule.target == "/training/hyperparameters" else rule
            for path, rule in self.hyperparameters
        ]


def constant(target: str, word: str | None) -> list[MappingPart]:
    """Return a constant part of a row, if there is one."""
    return [MappingPart(target=target, const=word)] if word else []
