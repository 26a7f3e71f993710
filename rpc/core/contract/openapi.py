"""openapi.json: the same procedures as an OpenAPI 3.1 document, for languages other than TypeScript."""

from collections.abc import Sequence
from typing import Any

import msgspec

from backend.access.permissions import P
from rpc.core.contract.endpoints import Endpoint
from rpc.core.contract.failures import general
from rpc.core.contract.refs import Components, Schema, integers, name_of, rewrite
from rpc.core.contract.schema import readable
from rpc.core.errors import WIRE

TEMPLATE = "#/components/schemas/{name}"
_FAILURE = "Failure"
_PLAIN_FAILURE = "PlainFailure"
_ISSUES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"pointer": {"type": "string", "description": "A JSON Pointer (RFC 6901) into the input."}, "message": {"type": "string"}},
        "required": ["pointer", "message"],
    },
}
_SAID: Schema = {"code": {"type": "string"}, "reason": {"type": "string"}, "issues": _ISSUES, "requestId": {"type": "string"}}
_FAILURES: Schema = {
    _FAILURE: {
        "description": "`error.data.reason` names the error; quote `requestId` when you ask for help.",
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "properties": {
                    "message": {"type": "string"},
                    "code": {"type": "integer"},
                    "data": {
                        "type": "object",
                        "properties": {**_SAID, "httpStatus": {"type": "integer"}, "path": {"type": "string"}},
                        "required": ["code", "reason", "issues", "requestId", "httpStatus"],
                    },
                },
                "required": ["message", "code", "data"],
            }
        },
        "required": ["error"],
    },
    _PLAIN_FAILURE: {
        "description": "An error of a plain endpoint.",
        "type": "object",
        "properties": {"error": {"type": "object", "properties": {"message": {"type": "string"}, **_SAID}, "required": ["message", *_SAID]}},
        "required": ["error"],
    },
}


def openapi(document: Schema, fingerprint: str, endpoints: Sequence[Endpoint] = ()) -> Schema:
    """Return the OpenAPI document of a contract.json and the plain endpoints."""
    components = Components(document, TEMPLATE)
    schemas = {**components.schemas, **_FAILURES}
    paths = {f"/rpc/{path}": _path(path, procedure, components, document["errors"]) for path, procedure in document["procedures"].items()}
    for endpoint in endpoints:
        paths[endpoint.path] = {endpoint.method: _endpoint(endpoint, schemas)}
    return {
        "openapi": "3.1.1",
        "jsonSchemaDialect": document["$schema"],
        "info": {
            "title": "Tiltyard",
            "version": fingerprint,
            "description": "Procedures under `/rpc` (queries by GET with `input` as JSON, mutations by POST), and plain endpoints under `/v1`.",
        },
        "servers": [{"url": "/", "description": "The hub that serves this document's contract."}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "An API token, `tyd_…`, made in Settings or by `access.tokens.create`."}
            },
        },
    }


def _path(path: str, procedure: Schema, components: Components, errors: Schema) -> Schema:
    operation: Schema = {
        "operationId": path,
        "tags": [path.rpartition(".")[0] or "root"],
        "summary": procedure["description"].partition("\n")[0],
        "description": procedure["description"],
        **_access(procedure["permission"]),
    }
    output = components.of(procedure["output"])
    if procedure["kind"] == "mutation":
        operation |= _body(procedure, components)
    else:
        operation |= _query(procedure, components)
    codes = [errors[reason] | {"reason": reason} for reason in procedure["errors"]]
    operation["responses"] = {"200": _result(procedure, output), **_failures(codes, _FAILURE)}
    return {"post" if procedure["kind"] == "mutation" else "get": operation}


def _access(permission: str) -> Schema:
    if permission == P.ANYONE:
        return {"security": []}
    return {"security": [{"token": []}], "x-permission": str(permission)}


def _query(procedure: Schema, components: Components) -> Schema:
    parameters: list[Schema] = []
    if "input" in procedure:
        schema = components.of(procedure["input"])
        required = not procedure["inputOptional"]
        parameters.append({"name": "input", "in": "query", "required": required, "content": {"application/json": {"schema": schema}}})
    if procedure["kind"] == "query" and procedure["streams"]:
        parameters.append({"name": "batch", "in": "query", "required": True, "schema": {"const": "1"}})
        parameters.append({"name": "trpc-accept", "in": "header", "required": True, "schema": {"const": "application/jsonl"}})
    return {"parameters": parameters} if parameters else {}


def _body(procedure: Schema, components: Components) -> Schema:
    if "input" not in procedure:  # the body is ignored, but its content type must be sent
        return {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object", "additionalProperties": False}}}}}
    schema = procedure["input"]
    kind = schema.get("contentMediaType", "application/json")
    content: Schema = {} if kind == "application/octet-stream" else {"schema": components.of({k: v for k, v in schema.items() if k != "contentMediaType"})}
    return {"requestBody": {"required": not procedure["inputOptional"], "content": {kind: content}}}


def _result(procedure: Schema, output: Schema) -> Schema:
    if procedure["kind"] == "subscription":
        return {"description": "Server-sent events; the data of each is one item.", "content": {"text/event-stream": {"schema": output}}}
    if procedure["streams"]:
        return {"description": "JSON lines, one item each.", "content": {"application/jsonl": {"schema": output}}}
    inner = {"type": "object", "properties": {"data": output}, "required": ["data"]}
    whole = {"type": "object", "properties": {"result": inner}, "required": ["result"]}
    return {"description": "The result.", "content": {"application/json": {"schema": whole}}}


def _failures(errors: list[Schema], shape: str) -> Schema:
    """Return the responses by status; `default` covers the errors of any call."""
    by_status: dict[int, list[Schema]] = {}
    for error in errors:
        by_status.setdefault(error["httpStatus"], []).append(error)
    content = {"application/json": {"schema": {"$ref": TEMPLATE.format(name=shape)}}}
    told = {
        str(status): {"description": " · ".join(f"`{e['reason']}`: {e['description']}" for e in found), "content": content}
        for status, found in sorted(by_status.items())
    }
    everywhere = ", ".join(f"`{error.reason}`" for error in general())
    return {**told, "default": {"description": f"Errors of any call: {everywhere}.", "content": content}}


def _endpoint(endpoint: Endpoint, schemas: Schema) -> Schema:
    errors = [{"reason": e.reason, "httpStatus": WIRE[e.code].status, "description": " ".join((e.__doc__ or "").split())} for e in endpoint.errors]
    body = {"application/octet-stream": {}} if endpoint.input is bytes else {"application/json": {"schema": _component(endpoint.input, schemas)}}
    parameters = [{"name": name, "in": "path", "required": True, "schema": _component(annotation, schemas)} for name, annotation in endpoint.parameters.items()]
    outputs = [_component(output, schemas, whole=True) for output in endpoint.outputs]
    answer = {"application/json": {"schema": outputs[0] if len(outputs) == 1 else {"anyOf": outputs}}}
    return {
        "operationId": f"v1.{endpoint.name}",
        "tags": ["v1"],
        "summary": endpoint.doc.partition("\n")[0],
        "description": endpoint.doc,
        **_access(endpoint.permission),
        **({"parameters": parameters} if parameters else {}),
        "requestBody": {"required": True, "content": body},
        "responses": {"200": {"description": "The result.", "content": answer}, **_failures(errors, _PLAIN_FAILURE)},
    }


def _component(annotation: Any, schemas: Schema, *, whole: bool = False) -> Schema:
    """Return the annotation's schema, and add the schemas it names to `schemas`. `whole` is for outputs: every field is required."""
    (schema,), definitions = msgspec.json.schema_components([annotation], ref_template=TEMPLATE)
    names = {key: readable(found.get("title", key)) for key, found in definitions.items()}

    def renamed(ref: str) -> str:
        return TEMPLATE.format(name=names[name_of(ref)])

    for key, definition in definitions.items():
        complete = {**definition, "required": list(definition["properties"])} if whole and "properties" in definition else definition
        schemas.setdefault(names[key], rewrite(integers(complete), renamed))
    rewritten: Schema = rewrite(integers(schema), renamed)
    return rewritten
