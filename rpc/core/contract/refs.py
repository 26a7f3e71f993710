"""Schemas by name: rewrites references, and joins a contract's input and output definitions into one set of names."""

import json
from collections.abc import Callable
from typing import Any

from rpc.core.contract.typescript import NoContract
from schemas.common import SAFE

Schema = dict[str, Any]
_VALUES = frozenset({"default", "enum", "const", "examples"})
"""Keys whose values are not schemas."""


def rewrite(schema: Any, change: Callable[[str], str]) -> Any:
    """Return the schema with every reference changed, including those of a discriminator's mapping."""
    if isinstance(schema, list):
        return [rewrite(item, change) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _rewritten(key, value, change) for key, value in schema.items()}


def _rewritten(key: str, value: Any, change: Callable[[str], str]) -> Any:
    if key == "$ref" and isinstance(value, str):
        return change(value)
    if key in ("properties", "$defs") and isinstance(value, dict):
        return {name: rewrite(item, change) for name, item in value.items()}
    if key == "mapping" and isinstance(value, dict) and all(isinstance(target, str) for target in value.values()):
        return {tag: change(target) for tag, target in value.items()}
    return value if key in _VALUES else rewrite(value, change)


def integers(schema: Any) -> Any:
    """Return the schema with its integers as they travel: exact in JavaScript, or strings. Raises NoContract for one declared past that."""
    if isinstance(schema, list):
        return [integers(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "integer":
        return _integer(schema)
    if long := [value for value in schema.get("enum", ()) if isinstance(value, int) and abs(value) > SAFE]:
        raise NoContract(f"{long[0]} is past the 2^53 that JavaScript holds exactly: declare it as a string")
    return {key: value if key in _VALUES else _integers_of(key, value) for key, value in schema.items()}


def _integers_of(key: str, value: Any) -> Any:
    return {name: integers(item) for name, item in value.items()} if key in ("properties", "$defs") else integers(value)


def _integer(schema: Schema) -> Schema:
    if schema.get("format") == "int64":
        words = {key: value for key, value in schema.items() if key in ("description", "title", "examples")}
        default = {"default": str(schema["default"])} if "default" in schema else {}
        return {**words, "type": "string", "format": "int64", "pattern": r"^-?\d{1,19}$", **default}
    for limits, sign in ((("minimum", "exclusiveMinimum"), -1), (("maximum", "exclusiveMaximum"), 1)):
        told = [schema[limit] for limit in limits if limit in schema]
        if any(sign * limit > SAFE for limit in told):
            raise NoContract(f"an integer may be {told[0]}, past the 2^53 that JavaScript holds exactly: declare it BigInt")
        schema = schema if told else {**schema, limits[0]: sign * SAFE}
    return schema


def refs(schema: Any) -> list[str]:
    """Return every reference within, in order, each once."""
    found: dict[str, None] = {}

    def note(ref: str) -> str:
        found[ref] = None
        return ref

    rewrite(schema, note)
    return list(found)


def name_of(ref: str) -> str:
    """Return the last step of a reference."""
    return ref.rpartition("/")[2]


class Components:
    """The definitions of a contract under one name each. An input's definition gets the suffix `Input` when the output of its name has another shape.

    `schemas` are those definitions. Their references, and those of `of(schema)`, are bare names put into `template`.
    """

    def __init__(self, document: Schema, template: str = "{name}") -> None:
        """`document` is a contract.json."""
        self._template = template
        inputs, outputs = document["$defs"]["input"], document["$defs"]["output"]
        self._different = _different(inputs, outputs)
        self.inputs = {self.name(f"#/$defs/input/{name}"): self.of(schema) for name, schema in inputs.items()}
        self.outputs = {name: self.of(schema) for name, schema in outputs.items()}
        self.schemas = dict(sorted({**self.inputs, **self.outputs}.items()))

    def name(self, ref: str) -> str:
        """Return the name of a contract's definition here."""
        name = name_of(ref)
        return f"{name}Input" if ref.startswith("#/$defs/input/") and name in self._different else name

    def of(self, schema: Schema) -> Schema:
        """Return the schema with references by the names here."""
        rewritten: Schema = rewrite(schema, lambda ref: self._template.format(name=self.name(ref)))
        return rewritten


def _different(inputs: dict[str, Schema], outputs: dict[str, Schema]) -> set[str]:
    both = inputs.keys() & outputs.keys()
    different = {name for name in both if _wayless(inputs[name]) != _wayless(outputs[name])}
    while True:
        drawn_in = {name for name in both - different if different & {name_of(ref) for ref in refs(inputs[name])}}
        if not drawn_in:
            return different
        different |= drawn_in


def _wayless(schema: Schema) -> str:
    return json.dumps(rewrite(schema, name_of), sort_keys=True)
