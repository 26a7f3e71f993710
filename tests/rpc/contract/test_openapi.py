"""The OpenAPI document is one, and tells the truth about a running server."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from rpc.core.contract.generate import generate
from rpc.core.router import Router
from rpc.endpoints import endpoints
from rpc.root import root
from tests.rpc.core.conftest import wire_server
from tests.support.wire import app as wire_app


def document(router: Router, *beside: Any) -> dict[str, Any]:
    """The router's OpenAPI document."""
    found: dict[str, Any] = json.loads(generate(router, *beside)["openapi.json"])
    return found


PRODUCT, WIRE = document(root, endpoints), document(wire_app.root)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def origin() -> AsyncIterator[str]:
    """A conformance server."""
    async with wire_server() as address:
        yield address


@pytest.mark.parametrize("described", [PRODUCT, WIRE], ids=["product", "conformance"])
def test_the_document_is_openapi_3_1(described: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(described).iter_errors()] == []


def test_every_procedure_is_in_it_under_its_method() -> None:
    for path, procedure in root.procedures():
        assert list(PRODUCT["paths"][f"/rpc/{path}"]) == ["post" if procedure.kind == "mutation" else "get"]


def test_the_plain_endpoints_are_in_it_with_their_variables() -> None:
    predict = PRODUCT["paths"]["/v1/groups/{slug}/predict"]["post"]
    assert predict["parameters"][0]["schema"]["pattern"].startswith("^[a-z]")
    assert {"422", "default"} <= predict["responses"].keys()
    assert predict["security"] == [{"token": []}]
    assert "/v1/outcomes" in PRODUCT["paths"]
    upload = PRODUCT["paths"]["/v1/versions/{version_id}/artifact"]["post"]
    assert list(upload["requestBody"]["content"]) == ["application/octet-stream"]


def test_a_shape_that_differs_on_the_way_in_has_two_names() -> None:
    schemas = PRODUCT["components"]["schemas"]
    assert schemas["IntervalInput"]["required"] == ["low", "high"]
    assert schemas["Interval"]["required"] == ["low", "high", "level"]


def judge(described: dict[str, Any], path: str, method: str, answer: httpx.Response) -> list[str]:
    """What is wrong with an answer, by the document."""
    responses = described["paths"][path][method]["responses"]
    told = responses.get(str(answer.status_code), responses["default"])
    schema = told["content"]["application/json"]["schema"] | {"components": described["components"]}
    return [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())]


@pytest.mark.parametrize(
    ("path", "input", "status"),
    [("ping", None, 200), ("hello", {"name": "a"}, 200), ("hello", {}, 400), ("user.byId", "3", 200), ("fail", None, 409), ("boom", None, 500)],
)
async def test_queries_answer_as_it_says(origin: str, path: str, input: Any, status: int) -> None:
    params = {} if input is None else {"input": msgspec.json.encode(input).decode()}
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{origin}/rpc/{path}", params=params)
    assert answer.status_code == status
    assert judge(WIRE, f"/rpc/{path}", "get", answer) == []


@pytest.mark.parametrize("path", ["user.reset", "user.create", "octets"])
async def test_mutations_take_the_body_it_says(origin: str, path: str) -> None:
    kind = next(iter(WIRE["paths"][f"/rpc/{path}"]["post"]["requestBody"]["content"]))
    bodies = {"user.reset": b"{}", "user.create": b'{"name":"x"}', "octets": b"\0\1"}
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{origin}/rpc/{path}", content=bodies[path], headers={"content-type": kind})
    assert answer.status_code == 200
    assert judge(WIRE, f"/rpc/{path}", "post", answer) == []


async def test_a_streaming_query_is_asked_as_it_says(origin: str) -> None:
    parameters = WIRE["paths"]["/rpc/gen"]["get"]["parameters"]
    query = {p["name"]: p["schema"]["const"] for p in parameters if p["in"] == "query"}
    headers = {p["name"]: p["schema"]["const"] for p in parameters if p["in"] == "header"}
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{origin}/rpc/gen", params=query, headers=headers)
    assert answer.status_code == 200
    assert json.loads(answer.text.splitlines()[0]) == {"0": [[0], [None, 0, 0]]}
