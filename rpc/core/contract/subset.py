"""Compares two schemas: reports, with JSON Pointers, what the wider one does not accept or promise."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from rpc.core.contract.refs import Schema

Difference = tuple[str, str]
"""A JSON Pointer, and the problem there."""

_LIMITS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "minLength": "a length of at least",
    "minItems": "a count of at least",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
    "maxLength": "a length of at most",
    "maxItems": "a count of at most",
}
_LOW, _HIGH = (True, "minimum", "exclusiveMinimum"), (False, "maximum", "exclusiveMaximum")
_BOUNDS = {"minimum": _LOW, "exclusiveMinimum": _LOW, "maximum": _HIGH, "exclusiveMaximum": _HIGH}
_EXACT = ("pattern", "format", "multipleOf")


@dataclass
class Reader:
    """The contracts that resolve a narrower and a wider schema's references, and the direction of their values."""

    narrow: Schema
    wide: Schema
    way: Literal["in", "out"]
    seen: set[tuple[str, str]] = field(default_factory=set)

    def say(self, going_in: str, going_out: str) -> str:
        """Return the words for the direction."""
        return going_in if self.way == "in" else going_out


def differences(narrow: Schema, wide: Schema, reader: Reader, pointer: str = "") -> Iterator[Difference]:
    """Return where a value of `narrow` is not one of `wide`. For inputs `narrow` is the earlier shape; for outputs, the later."""
    pair = (narrow.get("$ref", ""), wide.get("$ref", ""))
    if all(pair):
        if pair in reader.seen:
            return
        reader.seen.add(pair)
    alternatives = _alternatives(wide, reader.wide)
    if any(_anything(member) for member in alternatives):
        return
    for member in _alternatives(narrow, reader.narrow):
        yield from _one_of(member, alternatives, reader, pointer)


def _one_of(member: Schema, alternatives: list[Schema], reader: Reader, pointer: str) -> Iterator[Difference]:
    fitting = [other for other in alternatives if _kinds(member) <= _kinds(other)]
    if len(fitting) > 1:
        fitting = [other for other in fitting if _tag(member) == _tag(other)]
    if not fitting:
        told = _told(member)
        yield pointer, reader.say(f"no longer takes {told}", f"may now be {told}")
        return
    attempts = [list(_compared(member, other, reader, pointer)) for other in fitting]
    yield from min(attempts, key=len)


def _compared(narrow: Schema, wide: Schema, reader: Reader, pointer: str) -> Iterator[Difference]:
    if "enum" in wide:
        yield from _values(narrow, wide, reader, pointer)
    if reader.way == "in":
        yield from _limits(narrow, wide, pointer)
    if "properties" in wide or "properties" in narrow:
        yield from _objects(narrow, wide, reader, pointer)
    elif isinstance(wide.get("additionalProperties"), dict):
        yield from differences(_values_of(narrow), wide["additionalProperties"], reader, f"{pointer}/*")
    if "prefixItems" in wide:
        yield from _tuples(narrow, wide, reader, pointer)
    elif "items" in wide:
        yield from differences(narrow.get("items") or {}, wide["items"], reader, f"{pointer}/*")


def _values(narrow: Schema, wide: Schema, reader: Reader, pointer: str) -> Iterator[Difference]:
    allowed = ", ".join(map(repr, wide["enum"]))
    if "enum" not in narrow:
        yield pointer, reader.say(f"now takes only {allowed}", f"may now be something other than {allowed}")
        return
    for value in (value for value in narrow["enum"] if value not in wide["enum"]):
        yield pointer, reader.say(f"no longer takes {value!r}", f"may now be {value!r}")


def _limits(narrow: Schema, wide: Schema, pointer: str) -> Iterator[Difference]:
    for word, said in _LIMITS.items():
        if word in wide and "prefixItems" not in wide and not _within(narrow, word, wide[word]):
            yield pointer, f"now takes only {said} {wide[word]}"
    for word in _EXACT:
        if word in wide and narrow.get(word) != wide[word] and "enum" not in narrow:
            yield pointer, f"now takes only the {word} {wide[word]}"


def _within(narrow: Schema, word: str, limit: float) -> bool:
    """Return whether all of `narrow` keeps a limit. `> 0` keeps `>= 0` as well."""
    floor, inclusive, exclusive = _BOUNDS.get(word, (word.startswith("min"), word, word))
    sign = 1 if floor else -1
    start = 0 if word in ("minLength", "minItems") else float("-inf")
    reached = [sign * narrow[bound] for bound in (inclusive, exclusive) if bound in narrow] or [start]
    if word == exclusive != inclusive and exclusive not in narrow:
        return bool(max(reached) > sign * limit)
    return bool(max(reached) >= sign * limit)


def _objects(narrow: Schema, wide: Schema, reader: Reader, pointer: str) -> Iterator[Difference]:
    given, known = narrow.get("properties", {}), wide.get("properties", {})
    always = set(narrow.get("required", []))
    for name in wide.get("required", []):
        if name not in always:
            yield f"{pointer}/{name}", _missing(name, given, known, reader)
    for name, schema in given.items():
        if name in known:
            yield from differences(schema, known[name], reader, f"{pointer}/{name}")
        elif reader.way == "in" and wide.get("additionalProperties") is False:
            yield f"{pointer}/{name}", "is no longer accepted"


def _missing(name: str, given: Schema, known: Schema, reader: Reader) -> str:
    if name in given:
        return reader.say("is now required", "may now be left out")
    return reader.say("is new and required", "is gone")


def _tuples(narrow: Schema, wide: Schema, reader: Reader, pointer: str) -> Iterator[Difference]:
    items = narrow.get("prefixItems", [])
    if len(items) != len(wide["prefixItems"]):
        sizes = [str(len(items) or "any length"), str(len(wide["prefixItems"]))]
        yield pointer, "was a list of {}, is one of {}".format(*(sizes if reader.way == "in" else reversed(sizes)))
        return
    for place, (item, other) in enumerate(zip(items, wide["prefixItems"], strict=True)):
        yield from differences(item, other, reader, f"{pointer}/{place}")


def _values_of(schema: Schema) -> Schema:
    values = schema.get("additionalProperties")
    return values if isinstance(values, dict) else {}


def _alternatives(schema: Schema, document: Schema) -> list[Schema]:
    """Return the alternatives of a schema, with references followed and unions opened."""
    if "$ref" in schema:
        found: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return _alternatives(found, document)
    if "anyOf" in schema:
        return [member for part in schema["anyOf"] for member in _alternatives(part, document)]
    return [schema]


def _anything(schema: Schema) -> bool:
    return not schema.keys() & {"type", "enum", "properties", "contentMediaType"}


_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


def _kinds(schema: Schema) -> frozenset[str]:
    """Return the JSON types of a schema that is no union; a whole number is also a number."""
    if "enum" in schema:
        return frozenset(_JSON_TYPES[type(value)] for value in schema["enum"])
    kind = schema.get("type", "anything")
    return frozenset({kind, "integer"} if kind == "number" else {kind})


def _tag(schema: Schema) -> Any:
    """Return the tag of a tagged union's member: its only value of a field that is an enum of one."""
    tags = {name: tuple(inner["enum"]) for name, inner in schema.get("properties", {}).items() if len(inner.get("enum", [])) == 1 and "default" not in inner}
    return tags or None


def _told(schema: Schema) -> str:
    if "enum" in schema:
        return ", ".join(map(repr, schema["enum"]))
    words = {"null": "null", "array": "a list", "object": "an object", "integer": "an integer"}
    kind = schema.get("type", "anything at all")
    title = f" ({schema['title']})" if "title" in schema else ""
    return words.get(kind, f"a {kind}" if "type" in schema else kind) + title
