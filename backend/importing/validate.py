"""Checks a document against the JSON Schema (2020-12) that the contract carries, with `jsonschema`."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from jsonschema import Draft202012Validator

from backend.importing.document_places import SCHEMA
from backend.importing.pointers import text
from schemas.common import Issue, Json
from schemas.model_document import ModelDocument

MAX_ISSUES = 50


def _inlined(node: Any) -> Any:
    """Return the schema without references, because following them costs more than repeating. Charts are checked by their kind, so that an error names the
    right one.
    """
    if isinstance(node, list):
        return [_inlined(one) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inlined(SCHEMA["$defs"][node["$ref"].rsplit("/", 1)[1]])
    if "discriminator" in node:
        name = node["discriminator"]["propertyName"]
        options = [
            {"if": {"properties": {name: {"const": kind}}, "required": [name]}, "then": _inlined({"$ref": place})}
            for kind, place in node["discriminator"]["mapping"].items()
        ]
        known = {"type": "object", "properties": {name: {"enum": list(node["discriminator"]["mapping"])}}, "required": [name]}
        return {"allOf": [known, *options]}
    if "$defs" in node:
        return node
    kept = {key: value for key, value in node.items() if key not in ("$defs", "title", "description", "default")}
    return {key: {name: _inlined(one) for name, one in value.items()} if key == "properties" else _inlined(value) for key, value in kept.items()}


def _compact(node: Any) -> Any:
    """Return `anyOf` of a plain type and null as one list of types."""
    if isinstance(node, list):
        return [_compact(one) for one in node]
    if not isinstance(node, dict):
        return node
    options = node.get("anyOf")
    if isinstance(options, list) and all(isinstance(one, dict) and set(one) == {"type"} for one in options):
        return {"type": [one["type"] for one in options]}
    return {key: _compact(value) for key, value in node.items()}


_PROPERTIES = {name: _compact(_inlined(property_)) for name, property_ in SCHEMA["$defs"]["ModelDocument"]["properties"].items()}
_VALIDATOR: Final = Draft202012Validator({**{k: v for k, v in SCHEMA["$defs"]["ModelDocument"].items() if k != "properties"}, "properties": _PROPERTIES})


def issues(document: Mapping[str, Json]) -> list[Issue]:
    """Return the problems of a document, by pointer; empty when it is valid."""
    found = []
    for error in _VALIDATOR.iter_errors(document):
        found.append(Issue(pointer=text(tuple(error.absolute_path)), message=error.message[:300]))
        if len(found) >= MAX_ISSUES:
            break
    return found


def quick_issues(document: dict[str, Json]) -> list[Issue]:
    """Return the same as `issues`, in a fraction of the time for long lists. The Structs of the schema check all values. The JSON Schema checks one row of each
    kind (the same fields with values of the same types).
    """
    try:
        msgspec.convert(document, ModelDocument)
    except msgspec.ValidationError:
        return issues(document) or [Issue(pointer="", message="the hub cannot read this document")]
    short = {name: list({_kind(row): row for row in value}.values()) if isinstance(value, list) else value for name, value in document.items()}
    return issues(document) if issues(short) else []


def _kind(node: Json) -> Any:
    if isinstance(node, dict):
        return tuple((key, _kind(value)) for key, value in node.items())
    return (list, *{_kind(value) for value in node}) if isinstance(node, list) else type(node)
