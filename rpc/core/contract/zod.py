"""zod.ts: a Zod schema of every input, for forms and for checks before sending."""

import json
from typing import Any

from rpc.core.contract.refs import Components, Schema, name_of, refs
from rpc.core.contract.typescript import NoContract, jsdoc, key
from schemas.common import SAFE

_HEAD = """
// Needs zod 4.
import * as z from 'zod';
{shapes}{text}"""
_TEXT = """
/** A string with a limited number of characters, counted as the hub does, so that an emoji is one. */
const text = (min = 0, max = Infinity) =>
  z.string().check(z.refine((s) => [...s].length >= min, `at least ${min} characters`), z.refine((s) => [...s].length <= max, `at most ${max} characters`));
"""
_FORMATS = {
    "uuid": "z.guid()",
    "date-time": "z.iso.datetime({ offset: true, local: true })",
    "date": "z.iso.date()",
    "time": "z.iso.time()",
    "duration": "z.iso.duration()",
    "decimal": "z.string()",
    "int64": "z.string().regex(/^-?\\d{1,19}$/)",
}
_LIMITS = {"minimum": "gte", "maximum": "lte", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt", "multipleOf": "multipleOf"}


def zod(document: Schema) -> str:
    """Return the text of zod.ts, from a contract.json. Text between « and » is TypeScript only, and absent from zod.js."""
    components = Components(document)
    declared: dict[str, str] = {}
    for name in components.inputs:
        _declare(name, components, declared, ())
    inputs = "".join(
        f"  {json.dumps(path)}: {_procedure(components.of(procedure['input']), optional=procedure['inputOptional'])},\n"
        for path, procedure in document["procedures"].items()
        if "contentMediaType" not in procedure.get("input", {"contentMediaType": ""})
    )
    schemas = "".join(declared.values())
    shapes = "«import type * as shapes from './router.js';\n»" if "«" in schemas else ""
    head = _HEAD.replace("{shapes}", shapes).replace("{text}", _TEXT if "text(" in schemas + inputs else "")
    return f"{head}\n{schemas}/** The input of every procedure that takes one, by path. */\nexport const inputs = {{\n{inputs}}};\n"


def schema_name(name: str) -> str:
    """`CreateGroup` -> `createGroupSchema`."""
    return f"{name[0].lower()}{name[1:]}Schema"


def _declare(name: str, components: Components, declared: dict[str, str], above: tuple[str, ...]) -> None:
    """Declare the schemas that a schema refers to, then the schema itself. A recursive one is looked up late."""
    if name in declared or name in above:
        return
    schema = components.inputs[name]
    for ref in refs(schema):
        _declare(name_of(ref), components, declared, (*above, name))
    late = frozenset({*above, name})
    declared[name] = f"{jsdoc(schema.get('description'))}export const {schema_name(name)} = {_type(schema, late)};\n\n"


def _procedure(schema: Schema, *, optional: bool) -> str:
    return f"{_type(schema, frozenset())}{'.optional()' if optional else ''}"


def _type(schema: Schema, late: frozenset[str]) -> str:
    if "$ref" in schema:
        name = name_of(schema["$ref"])
        return _late(name) if name in late else schema_name(name)
    if "anyOf" in schema:
        return _union(schema, late)
    if "enum" in schema:
        return _enum(schema["enum"])
    kind = schema.get("type")
    if kind is None:
        return "z.unknown()"
    if kind == "string":
        return _string(schema)
    if kind in ("number", "integer"):
        limits = "".join(f".{method}({json.dumps(schema[word])})" for word, method in _LIMITS.items() if abs(schema.get(word, SAFE)) != SAFE)
        return f"z.{'int' if kind == 'integer' else 'number'}(){limits}"
    if kind in ("boolean", "null"):
        return f"z.{kind}()"
    return _array(schema, late) if kind == "array" else _object(schema, late)


def _late(name: str) -> str:
    """Return a late lookup of a schema that is not declared yet. TypeScript cannot infer its type, so the type is written out."""
    return f"z.lazy(()«: z.ZodType<shapes.{name}, shapes.{name}>» => {schema_name(name)})"


def _union(schema: Schema, late: frozenset[str]) -> str:
    members = [member for member in schema["anyOf"] if member.get("type") != "null"]
    written = [_type(member, late) for member in members]
    tag = schema.get("discriminator", {}).get("propertyName")
    if len(written) == 1:
        joined = written[0]
    elif tag and not any(member.startswith("z.lazy") for member in written):
        joined = f"z.discriminatedUnion({json.dumps(tag)}, [{', '.join(written)}])"
    else:
        joined = f"z.union([{', '.join(written)}])"
    return joined if len(members) == len(schema["anyOf"]) else f"{joined}.nullable()"


def _enum(values: list[Any]) -> str:
    if len(values) > 1 and all(isinstance(value, str) for value in values):
        return f"z.enum({json.dumps(values)})"
    return f"z.literal({json.dumps(values if len(values) > 1 else values[0])})"


def _string(schema: Schema) -> str:
    if schema.get("contentEncoding") == "base64":
        return "z.base64()"
    if form := schema.get("format"):
        if form not in _FORMATS:
            raise NoContract(f"a string of the format {form!r} has no Zod counterpart")
        return _FORMATS[form]
    limits = [str(schema.get("minLength", 0)), *([str(schema["maxLength"])] if "maxLength" in schema else [])]
    base = f"text({', '.join(limits)})" if {"minLength", "maxLength"} & schema.keys() else "z.string()"
    return f"{base}.regex(new RegExp({json.dumps(schema['pattern'])}, 'u'))" if "pattern" in schema else base


def _array(schema: Schema, late: frozenset[str]) -> str:
    if "prefixItems" in schema:
        return f"z.tuple([{', '.join(_type(item, late) for item in schema['prefixItems'])}])"
    limits = "".join(f".{method}({schema[word]})" for word, method in (("minItems", "min"), ("maxItems", "max")) if word in schema)
    return f"z.array({_type(schema.get('items', {}), late)}){limits}"


def _object(schema: Schema, late: frozenset[str]) -> str:
    if "properties" not in schema:
        return f"z.record(z.string(), {_type(schema.get('additionalProperties') or {}, late)})"
    required = schema.get("required", [])
    fields = "".join(f"  {key(name)}: {_field(field, name in required, late)},\n" for name, field in schema["properties"].items())
    return f"z.{'strictObject' if schema.get('additionalProperties') is False else 'looseObject'}({{\n{fields}}})"


def _field(schema: Schema, required: bool, late: frozenset[str]) -> str:
    written = _type(schema, late)
    if required:
        return written
    default = json.dumps(schema.get("default"))
    return f"{written}.optional()" if default == "null" else f"{written}.default({default})"
