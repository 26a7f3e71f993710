"""Known formats: one JSON file each, with the signs of the format and its mapping."""

import re
from functools import lru_cache
from importlib import resources
from typing import Literal

import msgspec

from backend.importing.pointers import MISSING, child, matches, steps, text
from backend.importing.rules import checked
from backend.importing.several.member import Member
from schemas.common import Json, Shape
from schemas.mapping import MappingRule


class Sign(Shape, frozen=True, kw_only=True):
    """A sign of a format, present in each of its files: a value at `source`, of a type, that matches a pattern as a whole."""

    source: str
    type: Literal["object", "array", "string", "number", "boolean", "any"] = "any"
    pattern: str | None = None


class Models(Shape, frozen=True, kw_only=True):
    """The place where a format lists models: each match of `source`, with the child `has` if stated, is one. Its name is at `name` within it."""

    source: str
    name: str
    has: str | None = None


class Format(Shape, frozen=True, kw_only=True):
    """The format of a tool. A file has it if all `signs` hold and nothing of `absent` is there."""

    name: str
    title: str
    reference: str
    signs: list[Sign]
    absent: list[str] = []
    models: Models | None = None
    rules: list[MappingRule]

    def fits(self, tree: Json) -> bool:
        """Return whether a file has this format."""
        return all(shows(sign, tree) for sign in self.signs) and not any(True for pointer in self.absent for _ in matches(tree, steps(pointer)))

    def members(self, tree: Json) -> list[Member]:
        """Return the models that a file lists; none for a format that describes one model as a whole."""
        if self.models is None:
            return []
        found = []
        for path, _, node in matches(tree, steps(self.models.source)):
            named = child(node, self.models.name)
            if self.models.has is None or child(node, self.models.has) is not MISSING:
                found.append(Member(name=str(named) if isinstance(named, str) else text(path), also=frozenset(), places=(path,)))
        return found

    def rules_for(self, member: Member | None) -> list[MappingRule]:
        """Return the rules for one model of a file, or for the part that all of them share."""
        if self.models is None:
            return self.rules
        prefix = self.models.source
        if member is None:
            return [rule for rule in self.rules if not _within(rule.source, prefix)]
        place = text(member.places[0])
        return [_at(rule, prefix, place) for rule in self.rules]


def _within(source: str, prefix: str) -> bool:
    return source == prefix or source.startswith(f"{prefix}/")


def _at(rule: MappingRule, prefix: str, place: str) -> MappingRule:
    """Return the rule for one model's place: the place replaces the star that matches every model."""

    def moved(source: str) -> str:
        return place + source[len(prefix) :] if _within(source, prefix) else source

    parts = [msgspec.structs.replace(part, source=moved(part.source)) for part in rule.parts]
    return msgspec.structs.replace(rule, source=moved(rule.source), parts=parts)


_TYPES: dict[str, tuple[type, ...]] = {"object": (dict,), "array": (list,), "string": (str,), "number": (int, float), "boolean": (bool,)}


@lru_cache(maxsize=1)
def known() -> list[Format]:
    """Return all formats, each checked. Raises UnsoundMapping or msgspec.ValidationError when one of the hub's own files is wrong."""
    files = sorted((one for one in resources.files(__name__).iterdir() if one.name.endswith(".json")), key=lambda one: one.name)
    formats = [msgspec.json.decode(one.read_bytes(), type=Format) for one in files]
    for one in formats:
        checked(one.rules)
    return formats


def recognise(tree: Json) -> Format | None:
    """Return the format of a file, or None. Signs are specific enough that at most one fits."""
    return next((one for one in known() if one.fits(tree)), None)


def shows(sign: Sign, tree: Json) -> bool:
    """Return whether the file has the sign."""
    for _, _, value in matches(tree, steps(sign.source)):
        typed = sign.type == "any" or (isinstance(value, _TYPES[sign.type]) and not (sign.type == "number" and isinstance(value, bool)))
        if typed and (sign.pattern is None or (isinstance(value, (str, int, float)) and re.fullmatch(sign.pattern, str(value)[:200]) is not None)):
            return True
    return False
