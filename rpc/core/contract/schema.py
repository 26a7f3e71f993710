"""contract.json: JSON Schema 2020-12 of every input, output and error."""

import re
from collections import Counter
from typing import Any

import msgspec

from backend.errors import HubError
from rpc.core.contract.failures import declared, general
from rpc.core.contract.refs import integers, name_of, rewrite
from rpc.core.contract.typescript import NoContract
from rpc.core.errors import WIRE
from rpc.core.inputs import FormInput, JsonInput, OctetInput
from rpc.core.procedure import Procedure
from rpc.core.router import Router

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ANNOTATED = re.compile(r"typing\.Annotated\[(?P<name>\w+), (?P<meta>msgspec\.Meta\(.*?\))\]")
_FORM = {"type": "object", "contentMediaType": "multipart/form-data"}
_OCTETS = {"type": "string", "contentMediaType": "application/octet-stream"}


def contract(root: Router) -> dict[str, Any]:
    """Return the contract as JSON Schema. Inputs and outputs have separate definitions: a default makes a field optional only in inputs."""
    procedures = dict(root.procedures())
    taking = {path: p.input.shape for path, p in procedures.items() if isinstance(p.input, JsonInput)}
    inputs, input_defs = _components(list(taking.values()), "#/$defs/input/{name}")
    outputs, output_defs = _components([p.output.shape for p in procedures.values()], "#/$defs/output/{name}")
    input_by_path = dict(zip(taking, inputs, strict=True))
    shapes = zip(procedures.items(), outputs, strict=True)
    return {
        "$schema": DIALECT,
        "$defs": {"input": input_defs, "output": {name: _whole(s) for name, s in output_defs.items()}},
        "procedures": {path: _procedure(p, input_by_path.get(path), output) for (path, p), output in shapes},
        "errors": {e.reason: _error(e) for e in [*general(), *declared(list(procedures.values()))]},
    }


def _components(types: list[Any], template: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    schemas, definitions = msgspec.json.schema_components(types, ref_template=template)
    names = {key: readable(schema.get("title", key)) for key, schema in definitions.items()}
    if twice := [name for name, times in Counter(names.values()).items() if times > 1]:
        raise NoContract(f"two shapes are called {twice[0]} in the contract; rename one")

    def change(ref: str) -> str:
        return template.format(name=names[name_of(ref)])

    renamed: dict[str, Any] = rewrite(integers(definitions), change)
    return rewrite(integers(list(schemas)), lambda ref: template.format(name=names[name_of(ref)])), {
        names[key]: renamed[key] for key in sorted(names, key=names.__getitem__)
    }


def readable(title: str) -> str:
    """Return a readable name: `Page[Model]` becomes `PageOfModel`, as in TypeScript; a constrained type gets its type's name."""
    title = _ANNOTATED.sub(lambda found: "BigInt" if "'int64'" in found["meta"] else found["name"], title)
    return title.replace("[", "Of").replace(", ", "And").replace("]", "")


def _procedure(procedure: Procedure, shape: dict[str, Any] | None, output: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "kind": str(procedure.kind),
        "description": procedure.doc,
        "permission": str(procedure.permission),
        "output": output,
        "streams": procedure.streams,
        "errors": [e.reason for e in procedure.errors],
    }
    if procedure.input is not None:
        described["input"] = _input(procedure.input, shape)
        described["inputOptional"] = procedure.input.optional
    return described


def _input(decoder: JsonInput | FormInput | OctetInput, shape: dict[str, Any] | None) -> dict[str, Any]:
    if isinstance(decoder, JsonInput):
        assert shape is not None
        return shape
    return _FORM if isinstance(decoder, FormInput) else _OCTETS


def _error(error: type[HubError]) -> dict[str, Any]:
    return {"name": error.__name__, "code": str(error.code), "httpStatus": WIRE[error.code].status, "description": " ".join((error.__doc__ or "").split())}


def _whole(schema: dict[str, Any]) -> dict[str, Any]:
    """Make every field required in outputs, defaults included."""
    return {**schema, "required": list(schema["properties"])} if "properties" in schema else schema
