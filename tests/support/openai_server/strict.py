"""OpenAI's strict structured outputs: which schemas they take, and an instance of one."""

from typing import Any

from tests.support.openai_server.reply import ApiError

_REFUSED = {
    "allOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else", "patternProperties", "unevaluatedProperties", "propertyNames",
    "minProperties", "maxProperties", "unevaluatedItems", "contains", "minContains", "maxContains", "uniqueItems", "oneOf", "prefixItems",
}  # fmt: skip
_DEPTH, _PROPERTIES, _ENUM, _TEXT = 10, 5000, 1000, 120_000


def lint(schema: Any, name: str) -> None:
    """Raise ApiError (400) as OpenAI does for a schema that strict mode does not take."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise _invalid(name, "(): schema must be a JSON Schema of 'type: \"object\"'")
    counts = {"properties": 0, "enum": 0, "text": 0}
    _walk(schema, schema, (), 1, name, counts)
    for what, limit in (("properties", _PROPERTIES), ("enum", _ENUM), ("text", _TEXT)):
        if counts[what] > limit:
            raise _invalid(name, f"(): {counts[what]} {what} exceed the limit of {limit}")


def _walk(node: Any, root: dict[str, Any], at: tuple[str, ...], depth: int, name: str, counts: dict[str, int]) -> None:
    where = f"{at!r}"
    if depth > _DEPTH:
        raise _invalid(name, f"{where}: {depth} levels of nesting exceed the limit of {_DEPTH}")
    if not isinstance(node, dict):
        raise _invalid(name, f"{where}: schema must be an object")
    if refused := _REFUSED & node.keys():
        raise _invalid(name, f"{where}: '{sorted(refused)[0]}' is not permitted")
    if "$ref" in node:
        if not _resolves(node["$ref"], root):
            raise _invalid(name, f"{where}: reference {node['$ref']!r} cannot be resolved")
        return
    if not {"type", "anyOf", "enum", "const"} & node.keys():
        raise _invalid(name, f"{where}: schema must have a 'type' key")
    counts["enum"] += len(node.get("enum", []))
    counts["text"] += sum(len(value) for value in node.get("enum", []) if isinstance(value, str))
    if "properties" in node or "object" in _types(node):
        _object(node, where, name)
    for key, value in node.get("properties", {}).items():
        counts["properties"] += 1
        counts["text"] += len(key)
        _walk(value, root, (*at, "properties", key), depth + 1, name, counts)
    if "array" in _types(node):
        _walk(node.get("items"), root, (*at, "items"), depth, name, counts)
    for index, option in enumerate(node.get("anyOf", [])):
        _walk(option, root, (*at, "anyOf", str(index)), depth, name, counts)
    for key, value in node.get("$defs", {}).items():
        _walk(value, root, ("$defs", key), 1, name, counts)


def _object(node: dict[str, Any], where: str, name: str) -> None:
    if node.get("additionalProperties") is not False:
        raise _invalid(name, f"{where}: 'additionalProperties' is required to be supplied and to be false")
    properties, required = set(node.get("properties", {})), set(node.get("required", []))
    if missing := properties - required:
        raise _invalid(name, f"{where}: 'required' is required to be an array including every key in properties. Missing '{sorted(missing)[0]}'")
    if extra := required - properties:
        raise _invalid(name, f"{where}: Extra required key '{sorted(extra)[0]}' supplied")


def instance(schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
    """The smallest value that the schema allows."""
    root = root or schema
    if "$ref" in schema:
        return instance(_resolves(schema["$ref"], root), root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return None if any("null" in _types(option) for option in schema["anyOf"]) else instance(schema["anyOf"][0], root)
    kinds = _types(schema)
    if "null" in kinds:
        return None
    match kinds[0]:
        case "object":
            return {key: instance(value, root) for key, value in schema.get("properties", {}).items()}
        case "array":
            return [instance(schema["items"], root)] * schema.get("minItems", 0)
        case "string":
            return "x" * schema.get("minLength", 1)
        case "boolean":
            return False
        case _:
            return schema.get("minimum", 0)


def _types(node: dict[str, Any]) -> list[str]:
    kind = node.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def _resolves(ref: str, root: dict[str, Any]) -> Any:
    found: Any = root
    for step in ref.removeprefix("#").split("/")[1:]:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _invalid(name: str, what: str) -> ApiError:
    return ApiError(400, f"Invalid schema for response_format '{name}': In context={what}.", param="response_format")
