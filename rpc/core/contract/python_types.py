"""JSON Schemas as Python types: TypedDicts and literals."""

import keyword
from typing import Any, Literal

from rpc.core.contract.refs import Schema, name_of

_PYTHON_NAMES = {"boolean": "bool", "integer": "int", "null": "None", "number": "float", "string": "str"}
_RICHER = {"uuid": "str | UUID", "date-time": "str | datetime", "date": "str | date", "int64": "str | int"}
"""The Python type to pass for such a string."""


class Writer:
    """Writes annotations. Inputs may use objects for ids and times; outputs have the strings that were sent."""

    def __init__(self, way: Literal["in", "out"]) -> None:
        """`way` is the direction, as the hub sees it."""
        self.way = way

    def type(self, schema: Schema) -> str:
        """Return the annotation of a schema."""
        if "$ref" in schema:
            return name_of(schema["$ref"])
        if "anyOf" in schema:
            return " | ".join(dict.fromkeys(self.type(member) for member in sorted(schema["anyOf"], key=lambda m: m.get("type") == "null")))
        if "enum" in schema:
            return f"Literal[{', '.join(repr(value) for value in schema['enum'])}]"
        kind = schema.get("type")
        if kind == "string" and self.way == "in":
            return _RICHER.get(schema.get("format", ""), "str")
        return _PYTHON_NAMES.get(kind or "") or self._container(kind, schema)

    def _container(self, kind: str | None, schema: Schema) -> str:
        if kind == "array" and "prefixItems" in schema:
            items = [self.type(item) for item in schema["prefixItems"]]
            return f"tuple[{', '.join(items)}]" if self.way == "in" else f"List[{' | '.join(dict.fromkeys(items))}]"
        if kind == "array":
            return f"List[{self.type(schema.get('items') or {})}]"
        if kind != "object":
            return "Any"
        values = schema.get("additionalProperties")
        return f"dict[str, {self.type(values if isinstance(values, dict) else {})}]"


def shape(name: str, schema: Schema, way: Literal["in", "out"]) -> str:
    """Return a named schema's declaration."""
    writer = Writer(way)
    if "properties" not in schema:
        told = f'"""{_one_line(schema["description"])}"""\n' if schema.get("description") else ""
        return f"{name} = {writer.type(schema)}\n{told}"
    required = schema.get("required", [])
    fields = {field: (inner, writer.type(inner), field in required) for field, inner in schema["properties"].items()}
    if any(not field.isidentifier() or keyword.iskeyword(field) for field in fields):
        items = ", ".join(f'"{field}": {_needed(repr(annotation), needed)}' for field, (_, annotation, needed) in fields.items())
        return f'{name} = TypedDict("{name}", {{{items}}})\n'
    body = "".join(_field(field, *described) for field, described in fields.items())
    return f"class {name}(TypedDict):\n{docstring(schema.get('description') or name)}\n{body}".rstrip() + "\n"


def _field(name: str, schema: Schema, annotation: str, needed: bool) -> str:
    told = _one_line(schema.get("description", ""))
    return f"    {name}: {_needed(annotation, needed)}\n" + (f'    """{told}"""\n' if told else "")


def _needed(annotation: str, needed: bool) -> str:
    return annotation if needed else f"NotRequired[{annotation}]"


def docstring(text: Any, indent: str = "    ") -> str:
    """Return a docstring at an indent."""
    lines = str(text).replace("\\", "\\\\").replace('"""', "'''").strip().splitlines() or [""]
    if len(lines) == 1:
        closed = f"{lines[0]} " if lines[0].endswith('"') else lines[0]
        return f'{indent}"""{closed}"""\n'
    body = "".join(f"{indent}{line}".rstrip() + "\n" for line in lines[1:])
    return f'{indent}"""{lines[0]}\n{body}{indent}"""\n'


def _one_line(text: str) -> str:
    return docstring(" ".join(text.split()), "")[3:-4]
