"""What real clients set as traps, and what is no tensor at all: each gets its answer or its error in the protocol's own words."""

import gzip
import json
import struct
import zlib
from typing import Any

import httpx
import numpy as np

from backend.access import tokens
from backend.hub import Hub
from backend.serving.refusals import refused
from schemas.access import CreateToken
from tests.rpc.v2.conftest import Endpoint
from tests.support.credit import WIDER, applicants
from tests.support.predictions import data_plane, drain, logged
from tests.support.served import Served

ROW = applicants(1, seed=4)[0][0].tolist()
MATRIX = {"name": "rows", "shape": [1, 4], "datatype": "FP64", "data": ROW}


def tensor(name: str = "limit_bal", shape: Any = (1,), datatype: str = "FP64", **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": list(shape), "datatype": datatype} | more


def binary(request: dict[str, Any], *raw: bytes, said: int | None = None) -> dict[str, Any]:
    head = json.dumps(request).encode()
    return {"content": head + b"".join(raw), "headers": {"Inference-Header-Content-Length": str(len(head) if said is None else said)}}


def one(**changes: Any) -> dict[str, Any]:
    return {"inputs": [tensor(**changes)]}


def sized(size: Any, raw: bytes, **changes: Any) -> dict[str, Any]:
    return binary(one(parameters={"binary_data_size": size}, **changes), raw)


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("no JSON", {"content": b"{"}, 400, "not JSON"),
    ("no body", {"content": b""}, 400, "not JSON"),
    ("a depth bomb", {"content": b'{"inputs": ' + b"[" * 500_000}, 400, "/inputs/0"),
    ("deep data", {"content": b'{"inputs": [{"name": "limit_bal", "shape": [1], "datatype": "FP64", "data": ' + b"[" * 400_000}, 400, "nested too deeply"),
    ("no inputs", {"json": {"inputs": []}}, 400, "/inputs"),
    ("a number as id", {"json": {"id": 3, "inputs": [MATRIX]}}, 400, "/id"),
    ("a datatype that nobody knows", {"json": one(datatype="FP128", data=[1])}, 400, "FP128"),
    ("no data", {"json": one()}, 400, "neither `data` nor"),
    ("a negative dimension", {"json": one(shape=[-1], data=[1.0])}, 400, "from 1 to 1000 rows"),
    ("a negative second dimension", {"json": {"inputs": [tensor("rows", [1, -4], data=ROW)]}}, 400, "has -4 columns"),
    ("no dimension", {"json": one(shape=[], data=[])}, 400, "a feature has [rows]"),
    ("a thousand dimensions", {"json": one(shape=[1] * 1000, data=[1.0])}, 400, "1 to 8 dimensions"),
    ("a huge shape", {"json": one(shape=[10**15], data=[1.0])}, 400, "from 1 to 1000 rows"),
    (
        "a shape past every integer",
        {"content": b'{"inputs": [{"name": "rows", "shape": [1, 1' + b"0" * 400 + b'], "datatype": "FP64", "data": []}]}'},
        400,
        "columns",
    ),
    ("a dimension that is no number", {"json": one(shape=["1"], data=[1.0])}, 400, "/inputs/0/shape/0"),
    ("fewer values than the shape says", {"json": one(shape=[3], data=[1.0])}, 400, "needs 3 values, but its data has 1"),
    ("lists that are not nested as the shape says", {"json": {"inputs": [tensor("rows", [1, 4], data=[[1.0, 2.0], [3.0, 4.0]])]}}, 400, "not nested"),
    ("ragged lists", {"json": {"inputs": [tensor("rows", [2, 4], data=[[1.0] * 5, [1.0] * 3])]}}, 400, "not nested"),
    ("a text among floats", {"json": one(data=["1"])}, 400, "is no number"),
    ("a bool among floats", {"json": one(data=[True])}, 400, "is no number"),
    ("a float among integers", {"json": one(datatype="INT64", data=[1.5])}, 400, "is no INT64"),
    ("an integer past its type", {"json": one(datatype="UINT8", data=[256])}, 400, "is no UINT8"),
    ("a huge integer", {"content": json.dumps(one(data=[0])).replace("[0]", "[1" + "0" * 400 + "]").encode()}, 400, ""),
    ("a float past its type", {"json": one(datatype="FP32", data=[1e39])}, 400, "too large for FP32"),
    ("NaN in JSON", {"content": json.dumps(one(data=[float("nan")])).encode()}, 400, "/inputs/0/data/0"),
    ("Infinity in raw bytes", sized(8, struct.pack("<d", float("inf"))), 400, "infinite"),
    ("NaN in raw bytes for a feature that must be there", sized(8, struct.pack("<d", float("nan"))), 422, "limit_bal is missing"),
    ("a number among texts", {"json": one(datatype="BYTES", data=[1])}, 400, "is no text"),
    ("a text for a number", {"json": one(datatype="BYTES", data=["much"])}, 422, "a number is expected here"),
    ("a size that is too small", sized(4, b"\0" * 4), 400, "needs 8 bytes, but `binary_data_size` is 4"),
    ("a size past the body", sized(80, b"\0" * 8), 400, "claims 80 bytes, but only 8 are left"),
    ("a negative size", sized(-8, b"\0" * 8), 400, "-8 bytes"),
    ("a size that is no number", sized("8", b"\0" * 8), 400, "8 bytes"),
    ("a size past every integer", sized(10**30, b"\0" * 8), 400, "bytes, but only 8 are left"),
    ("bytes that nobody speaks of", sized(8, b"\0" * 9), 400, "1 bytes follow the JSON"),
    ("raw bytes for a huge shape", sized(8, b"\0" * 8, shape=[1000]), 400, "needs 8000 bytes"),
    ("a header past the body", binary(one(data=[1.0]), said=10_000), 400, "not a part of a body"),
    ("a negative header", binary(one(data=[1.0]), said=-1), 400, "Inference-Header-Content-Length is -1"),
    ("a header that cuts the JSON", binary(one(data=[1.0]), said=10), 400, "not JSON"),
    ("a text longer than its bytes", sized(8, struct.pack("<I", 99) + b"abcd", datatype="BYTES"), 400, "end too early"),
    ("a text without its length", sized(2, b"\1\0", datatype="BYTES"), 400, "end too early"),
    ("a text that is no UTF-8", sized(5, struct.pack("<I", 1) + b"\xff", datatype="BYTES"), 400, "not UTF-8 text"),
    ("fewer texts than the shape says", sized(5, struct.pack("<I", 1) + b"a", datatype="BYTES", shape=[2]), 400, "hold 1"),
    ("a feature twice", {"json": {"inputs": [tensor(data=[1.0]), tensor(data=[1.0])]}}, 400, "is sent twice"),
    ("another number of rows", {"json": {"inputs": [tensor(data=[1.0]), tensor("pay_1", [2], data=[1.0, 2.0])]}}, 400, "differ in their number of rows"),
    ("too many rows", {"json": one(shape=[1001], data=[1.0] * 1001)}, 400, "from 1 to 1000 rows"),
    ("no rows", {"json": one(shape=[0], data=[])}, 400, "from 1 to 1000 rows"),
    ("an output that nobody has", {"json": {"inputs": [MATRIX], "outputs": [{"name": "wisdom"}]}}, 400, "There is no output 'wisdom'"),
    ("classification", {"json": {"inputs": [MATRIX], "outputs": [{"name": "label", "parameters": {"classification": 2}}]}}, 400, "not supported"),
    ("a number as entity key", {"json": {"inputs": [MATRIX], "parameters": {"entity_key": 7}}}, 400, "/parameters/entity_key"),
    (
        "gzip that ends too early",
        {"content": gzip.compress(json.dumps(one(data=[1.0])).encode())[:-9], "headers": {"Content-Encoding": "gzip"}},
        400,
        "too early",
    ),
    ("no gzip at all", {"content": b"{}", "headers": {"Content-Encoding": "gzip"}}, 400, "The body is not gzip"),
    ("a bomb in gzip", {"content": gzip.compress(b" " * 50_000_000), "headers": {"Content-Encoding": "gzip"}}, 413, "after decompression"),
    ("a bomb in deflate", {"content": zlib.compress(b" " * 50_000_000), "headers": {"Content-Encoding": "deflate"}}, 413, "after decompression"),
    ("another encoding", {"content": b"{}", "headers": {"Content-Encoding": "br"}}, 415, "Send gzip, deflate, or none"),
    ("a body past the limit", {"content": b" " * (16 * 1024 * 1024 + 1)}, 413, "larger than"),
]


async def test_what_is_no_request_is_refused_in_the_protocols_words_and_leaves_no_row(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    wrong: list[str] = []
    async with data_plane(hub, served.tenant.token) as http:
        for name, request, status, words in REFUSED:
            answer = await http.post(f"/v2/models/{group.slug}/infer", **request)
            body = answer.json()
            if (answer.status_code, answer.headers["content-type"], list(body)) != (status, "application/json", ["error"]):
                wrong.append(f"{name}: {answer.status_code} {answer.text[:200]}")
            elif words not in body["error"] or len(body["error"]) > 3_000:
                wrong.append(f"{name}: {body['error'][:200]}")
    assert wrong == []
    assert await refused(hub, group.id) == len(REFUSED)
    assert await drain(hub, group) == 0
    assert await logged(hub, served.tenant, group) == {}


async def test_data_may_be_flat_or_nested_and_columns_may_stand_upright(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    upright = [tensor(name, [1, 1], data=[[value]]) for name, value in zip(WIDER, ROW, strict=True)]
    ways = [[MATRIX], [MATRIX | {"data": [ROW]}], upright, [one | {"data": one["data"][0]} for one in upright]]
    async with data_plane(hub, served.tenant.token) as http:
        scores = [
            (await http.post(f"/v2/models/{group.slug}/infer", json={"inputs": way, "parameters": {"entity_key": "a"}})).json()["outputs"][0]["data"]
            for way in ways
        ]
    assert scores == [scores[0]] * 4


async def test_the_parameters_of_a_request_are_on_record_with_its_rows(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    said = {"entity_key": "client-7", "correlation_id": "order-9", "use_case": "review", "segments.age_band": "30-39", "priority": 3, "theirs": True}
    async with data_plane(hub, served.tenant.token) as http:
        answer = (await http.post(f"/v2/models/{group.slug}/infer", json={"inputs": [MATRIX], "parameters": said, "id": "x"})).json()
    await drain(hub, group)
    ((identifier, row),) = (await logged(hub, served.tenant, group)).items()
    assert answer["parameters"]["inference_id"] == str(identifier)
    assert (answer["id"], answer["model_name"], answer["model_version"]) == ("x", group.slug, row["version"])
    assert (row["entity_key"], row["correlation_id"], row["segments"]) == ("client-7", "order-9", {"age_band": "30-39"})
    assert row["context"]["use_case"] == "review"  # type: ignore[index]


async def test_health_is_open_and_what_is_a_groups_needs_a_token_with_the_scope(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    async with hub.work(served.tenant.admin) as work:
        reader = await tokens.create_token(work, CreateToken(name="reader", scopes=["group:group:read"]))
    async with data_plane(hub, None) as http:
        assert (await http.get("/v2")).json()["name"] == "tiltyard"
        assert (await http.get("/v2/health/live")).json() == {"live": True}
        assert (await http.get("/v2/health/ready")).json() == {"live": True, "ready": True}
        for path in (f"/v2/models/{group.slug}", f"/v2/models/{group.slug}/ready"):
            assert (await http.get(path)).status_code == 401
            assert (await http.get(path, headers={"Authorization": f"Bearer {reader.secret}"})).status_code == 403
        good = {"Authorization": f"Bearer {served.tenant.token}"}
        for method, path, status in [
            ("GET", f"/v2/models/{group.slug}/infer", 405),
            ("POST", f"/v2/models/{group.slug}", 405),
            ("GET", "/v2/models/nobody_knows", 404),
            ("GET", f"/v2/models/{group.slug}/versions/7.7", 404),
            ("GET", "/v2/repository/index", 404),
            ("GET", "/v2x", 404),
        ]:
            answer = await http.request(method, path, headers=good)
            assert (answer.status_code, list(answer.json())) == (status, ["error"]), path


async def test_a_certain_version_is_asked_by_its_address_and_reads_its_own_features(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    async with data_plane(hub, served.tenant.token) as http:
        for number, width in (("1.2", 3), ("v1.3", 4)):
            matrix = {"name": "rows", "shape": [2, width], "datatype": "FP64", "data": (ROW[:width]) * 2}
            answer = await http.post(
                f"/v2/models/{group.slug}/versions/{number}/infer", json={"inputs": [matrix], "outputs": [{"name": "version"}, {"name": "shap_values"}]}
            )
            assert answer.status_code == 200, answer.text
            version, shap = answer.json()["outputs"]
            assert version["data"] == [f"v{number.removeprefix('v')}"] * 2
            assert shap["shape"] == [2, width]


async def test_texts_and_bools_come_as_what_they_are(endpoint: Endpoint) -> None:
    async with httpx.AsyncClient(base_url=endpoint.url, headers=endpoint.headers) as http:
        texts = b"".join(struct.pack("<I", len(one)) + one for one in (b"much", "größer".encode()))
        sent = sized(len(texts), texts, datatype="BYTES", shape=[2])
        answer = await http.post(f"/v2/models/{endpoint.slug}/infer", **sent)
        assert answer.status_code == 422
        assert "the text 'größer'" in answer.json()["error"]
        flags = np.array([1], dtype=np.bool_).tobytes()
        answer = await http.post(f"/v2/models/{endpoint.slug}/infer", **sized(1, flags, datatype="BOOL"))
        assert "a number is expected here, not true" in answer.json()["error"]


async def test_a_request_sent_again_with_its_key_gets_the_same_inferences(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    async with data_plane(hub, served.tenant.token) as http:
        asked = {"json": {"inputs": [MATRIX]}, "headers": {"Idempotency-Key": "once"}}
        first, again = [(await http.post(f"/v2/models/{group.slug}/infer", **asked)).json() for _ in range(2)]  # type: ignore[arg-type]
    assert first == again
    await drain(hub, group)
    assert len(await logged(hub, served.tenant, group)) == 1
