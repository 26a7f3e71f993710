"""Existing clients of the Open Inference Protocol, unmodified, against the product's own server."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import kserve
import numpy as np
import pytest
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from httpx import HTTPStatusError
from kserve.protocol.infer_type import InferInput as KserveInput
from kserve.protocol.infer_type import InferRequest as KserveRequest
from kserve.protocol.infer_type import RequestedOutput
from tritonclient.utils import InferenceServerException

from backend.hub import Hub
from tests.rpc.v2.conftest import Endpoint
from tests.support.credit import WIDER, applicants
from tests.support.predictions import drain, logged
from tests.support.served import Served

pytestmark = pytest.mark.busy

ROWS = applicants(5, seed=3)[0]
OUTPUTS = ["score", "label", "version", "role", "inference_id"]


def columns(matrix: np.ndarray, binary: bool = True) -> list[triton.InferInput]:
    made = []
    for at, name in enumerate(WIDER):
        one = triton.InferInput(name, [len(matrix)], "FP64")
        made.append(one.set_data_from_numpy(np.ascontiguousarray(matrix[:, at]), binary_data=binary))
    return made


def whole(matrix: np.ndarray, datatype: str = "FP64", binary: bool = True) -> list[triton.InferInput]:
    return [triton.InferInput("rows", list(matrix.shape), datatype).set_data_from_numpy(matrix, binary_data=binary)]


async def with_triton(endpoint: Endpoint, use: Callable[[triton.InferenceServerClient], Any]) -> Any:
    def work() -> Any:
        with triton.InferenceServerClient(f"127.0.0.1:{endpoint.port}") as client:
            return use(client)

    return await asyncio.to_thread(work)


async def test_tritonclient_asks_as_it_does_by_default_binary_in_and_out(hub: Hub, served: Served, endpoint: Endpoint) -> None:
    said = await with_triton(endpoint, lambda client: client.infer(endpoint.slug, columns(ROWS), request_id="mine", headers=endpoint.headers))
    answer = said.get_response()
    assert (answer["model_name"], answer["id"], [output["name"] for output in answer["outputs"]]) == (endpoint.slug, "mine", OUTPUTS)
    assert all("data" not in output and output["parameters"]["binary_data_size"] > 0 for output in answer["outputs"])
    await drain(hub, endpoint.group)
    rows = {str(identifier): row for identifier, row in (await logged(hub, served.tenant, endpoint.group)).items()}
    assert len(rows) == len(ROWS)
    for at, identifier in enumerate(said.as_numpy("inference_id")):
        row = rows[identifier.decode()]
        assert row["inputs"] == dict(zip(WIDER, ROWS[at].tolist(), strict=True))
        assert row["score"] == said.as_numpy("score")[at]
        assert (row["version"], row["role"], row["label"]) == tuple(said.as_numpy(name)[at].decode() for name in ("version", "role", "label"))


async def test_json_binary_columns_matrix_and_every_float_width_give_one_score(endpoint: Endpoint) -> None:
    same = np.minimum(ROWS, 60_000).astype(np.float16).astype(np.float64)  # what even FP16 holds exactly
    ways = [columns(same), columns(same, binary=False), whole(same), whole(same, binary=False)]
    ways += [whole(same.astype(kind), name, binary) for kind, name in ((np.float32, "FP32"), (np.float16, "FP16")) for binary in (True, False)]

    def use(client: triton.InferenceServerClient) -> list[np.ndarray]:
        asked = [triton.InferRequestedOutput("score", binary_data=False)]
        return [client.infer(endpoint.slug, way, outputs=asked, parameters={"entity_key": "one"}, headers=endpoint.headers).as_numpy("score") for way in ways]

    scores = await with_triton(endpoint, use)
    assert all(np.array_equal(one, scores[0]) for one in scores)
    assert len(set(scores[0].tolist())) > 1


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64])
@pytest.mark.parametrize("binary", [True, False])
async def test_every_integer_is_read_as_its_number(hub: Hub, served: Served, endpoint: Endpoint, kind: Any, binary: bool) -> None:
    matrix = np.array([[100, 3, 127, 7], [1, 0, 2, 5]], dtype=kind)
    await with_triton(endpoint, lambda client: client.infer(endpoint.slug, whole(matrix, np.dtype(kind).name.upper(), binary), headers=endpoint.headers))
    await drain(hub, endpoint.group)
    rows = await logged(hub, served.tenant, endpoint.group)
    assert sorted([row["inputs"]["limit_bal"] for row in rows.values()]) == [1, 100]  # type: ignore[index]


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
async def test_tritonclient_may_compress_what_it_sends_and_ask_for_compressed_answers(endpoint: Endpoint, algorithm: str) -> None:
    def use(client: triton.InferenceServerClient) -> Any:
        ways = {"request_compression_algorithm": algorithm, "response_compression_algorithm": algorithm}
        return client.infer(endpoint.slug, columns(ROWS), headers=dict(endpoint.headers), **ways).as_numpy("score")

    assert ((await with_triton(endpoint, use)) > 0).all()


async def test_tritonclient_gets_explanations_as_tensors_that_add_up_to_the_margin(endpoint: Endpoint) -> None:
    wanted = [triton.InferRequestedOutput(name, binary_data=name != "shap_base") for name in ("score", "margin", "shap_values", "shap_base")]
    said = await with_triton(endpoint, lambda client: client.infer(endpoint.slug, columns(ROWS), outputs=wanted, headers=endpoint.headers))
    assert said.as_numpy("shap_values").shape == (len(ROWS), len(WIDER))
    assert said.as_numpy("shap_base") + said.as_numpy("shap_values").sum(axis=1) == pytest.approx(said.as_numpy("margin"), abs=1e-9)
    assert 1 / (1 + np.exp(-said.as_numpy("margin"))) == pytest.approx(said.as_numpy("score"), abs=1e-12)
    assert said.get_output("shap_values")["parameters"]["space"] == "margin"


async def test_tritonclient_learns_what_there_is(endpoint: Endpoint) -> None:
    def use(client: triton.InferenceServerClient) -> None:
        assert client.is_server_live() is True
        assert client.is_server_ready() is True
        assert client.get_server_metadata()["name"] == "tiltyard"
        assert client.is_model_ready(endpoint.slug, headers=endpoint.headers) is True
        assert client.is_model_ready(endpoint.slug, "1.3", headers=endpoint.headers) is True
        assert client.is_model_ready(endpoint.slug, "7.7", headers=endpoint.headers) is False
        assert client.is_model_ready("nobody_knows", headers=endpoint.headers) is False
        told = client.get_model_metadata(endpoint.slug, headers=endpoint.headers)
        assert (told["name"], told["versions"]) == (endpoint.slug, ["v1.2", "v1.3"])
        assert told["inputs"] == [{"name": name, "datatype": "FP64", "shape": [-1]} for name in WIDER]
        assert {"name": "shap_values", "datatype": "FP64", "shape": [-1, 4]} in told["outputs"]
        narrow = client.get_model_metadata(endpoint.slug, "1.2", headers=endpoint.headers)
        assert [one["name"] for one in narrow["inputs"]] == WIDER[:3]

    await with_triton(endpoint, use)


async def test_tritonclient_reads_what_is_wrong(endpoint: Endpoint) -> None:
    def use(client: triton.InferenceServerClient) -> None:
        with pytest.raises(InferenceServerException, match="No version of this group takes 'income'"):
            client.infer(endpoint.slug, [triton.InferInput("income", [1], "FP64").set_data_from_numpy(np.ones(1))], headers=endpoint.headers)
        with pytest.raises(InferenceServerException, match="pay_1 is missing") as refused:
            client.infer(endpoint.slug, columns(ROWS)[:1], headers=endpoint.headers)
        assert refused.value.status() == "422"
        with pytest.raises(InferenceServerException, match="Send an API token"):
            client.infer(endpoint.slug, columns(ROWS))

    await with_triton(endpoint, use)


async def test_the_asynchronous_tritonclient_does_the_same(endpoint: Endpoint) -> None:
    async with triton_aio.InferenceServerClient(f"127.0.0.1:{endpoint.port}") as client:
        said = await client.infer(endpoint.slug, columns(ROWS), headers=endpoint.headers)
    assert said.as_numpy("score").shape == (len(ROWS),)


@pytest.mark.parametrize("binary", [True, False])
async def test_the_kserve_sdk_asks_and_reads(endpoint: Endpoint, binary: bool) -> None:
    inputs = []
    for at, name in enumerate(WIDER):
        inputs.append(KserveInput(name, [len(ROWS)], "FP64"))
        inputs[-1].set_data_from_numpy(np.ascontiguousarray(ROWS[:, at]), binary_data=binary)
    outputs = [RequestedOutput(name, {"binary_data": binary}) for name in ("score", "label", "shap_values")]
    client = kserve.InferenceRESTClient(kserve.RESTConfig(protocol="v2"))
    request = KserveRequest(endpoint.slug, inputs, request_id="k-1", request_outputs=outputs, parameters={"correlation_id": "k"})
    said: Any = await client.infer(endpoint.url, request, model_name=endpoint.slug, headers=dict(endpoint.headers))
    assert (said.id, said.model_name) == ("k-1", endpoint.slug)
    score, label, shap = (said.get_output_by_name(name).as_numpy() for name in ("score", "label", "shap_values"))
    assert ((score > 0) & (score < 1)).all()
    assert label.shape == score.shape
    assert shap.shape == (len(ROWS), len(WIDER))
    assert said.parameters["stale"] is False
    await client.close()


async def test_the_kserve_sdk_asks_by_default_and_learns_what_there_is(endpoint: Endpoint) -> None:
    client = kserve.InferenceRESTClient(kserve.RESTConfig(protocol="v2"))
    assert await client.is_server_live(endpoint.url) is True
    assert await client.is_server_ready(endpoint.url) is True
    assert await client.is_model_ready(endpoint.url, endpoint.slug, headers=endpoint.headers) is True
    assert await client.is_model_ready(endpoint.url, "nobody_knows", headers=endpoint.headers) is False
    plain = {"inputs": [{"name": "rows", "shape": list(ROWS.shape), "datatype": "FP64", "data": ROWS.tolist()}]}
    said: Any = await client.infer(endpoint.url, plain, model_name=endpoint.slug, headers=endpoint.headers)
    assert [output.name for output in said.outputs] == OUTPUTS
    with pytest.raises(HTTPStatusError, match="3 columns; this group takes 4, in this order: limit_bal, pay_1"):
        await client.infer(endpoint.url, json.loads(json.dumps(plain).replace("[5, 4]", "[5, 3]")), model_name=endpoint.slug, headers=endpoint.headers)
    await client.close()
