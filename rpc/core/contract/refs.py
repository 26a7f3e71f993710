"""Schemas by name: references rewritten, and a contract's input and output definitions as one set of names."""

import json
from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]


def rewrite(schema: Any, change: Callable[[str], str]) -> Any:
    """The schema with every reference changed; those of a discriminator's mapping too."""
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
    return value if key in ("default", "enum", "const", "examples") else rewrite(value, change)


def refs(schema: Any) -> list[str]:
    """Every reference within, in order, each once."""
    found: dict[str, None] = {}

    def note(ref: str) -> str:
        found[ref] = None
        return ref

    rewrite(schema, note)
    return list(found)


def name_of(ref: str) -> str:
    """The last step of a reference."""
    return ref.rpartition("/")[2]


class Components:
    """The definitions of a contract under one name each: an input's gets the suffix `Input` where the output of its name is another shape.

    `schemas` are those definitions; their references, and those of `of(schema)`, are bare names put into `template`.
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
        """The name under which a definition of the contract is found here."""
        name = name_of(ref)
        return f"{name}Input" if ref.startswith("#/$defs/input/") and name in self._different else name

    def of(self, schema: Schema) -> Schema:
        """The same schema, with references as they are here."""
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
