"""One row, asked in every way there is: one score, to the last bit, and LightGBM's own."""

import asyncio
import json
import struct
import subprocess
from typing import Any

import httpx
import kserve
import lightgbm
import numpy as np
import pytest
import tritonclient.http as triton
from kserve.protocol.infer_type import InferInput, InferRequest

from tests.rpc.v2.conftest import Endpoint
from tests.support.credit import WIDER, applicants, lightgbm_text

pytestmark = pytest.mark.busy

ROWS = applicants(6, seed=11)[0] * np.array([1 / 3, 1.0, np.pi, 1 / 7])  # numbers with all their digits
WIDTHS = {"v1.2": 3, "v1.3": 4}


async def by_curl(endpoint: Endpoint, version: str, row: np.ndarray) -> float:
    body = {"inputs": dict(zip(WIDER, row.tolist(), strict=True)), "prefer": version}
    command = ["curl", "-sS", "--fail-with-body", f"{endpoint.url}/v1/groups/{endpoint.slug}/predict", "-H", "Content-Type: application/json"]
    command += ["-H", f"Authorization: Bearer {endpoint.token}", "-d", json.dumps(body)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return float(json.loads(done.stdout)["score"])


async def by_rpc(endpoint: Endpoint, version: str, row: np.ndarray) -> float:
    asked = {"slug": endpoint.slug, "inputs": dict(zip(WIDER, row.tolist(), strict=True)), "prefer": version}
    async with httpx.AsyncClient(base_url=endpoint.url, headers=endpoint.headers) as http:
        answer = await http.post("/rpc/inference.predict", json=asked)
    assert answer.status_code == 200, answer.text
    return float(answer.json()["result"]["data"]["predictions"][0]["score"])


async def by_triton(endpoint: Endpoint, version: str, row: np.ndarray) -> float:
    matrix = np.ascontiguousarray(row[None, : WIDTHS[version]])

    def ask() -> Any:
        with triton.InferenceServerClient(f"127.0.0.1:{endpoint.port}") as client:
            rows = triton.InferInput("rows", list(matrix.shape), "FP64").set_data_from_numpy(matrix)
            return client.infer(endpoint.slug, [rows], model_version=version, headers=endpoint.headers)

    return float((await asyncio.to_thread(ask)).as_numpy("score")[0])


async def by_kserve(endpoint: Endpoint, version: str, row: np.ndarray) -> float:
    inputs = [InferInput(name, [1], "FP64", [value]) for name, value in zip(WIDER, row[: WIDTHS[version]].tolist(), strict=False)]
    client = kserve.InferenceRESTClient(kserve.RESTConfig(protocol="v2"))
    name = f"{endpoint.slug}/versions/{version}"
    said: Any = await client.infer(endpoint.url, InferRequest(name, inputs), model_name=name, headers=endpoint.headers)
    await client.close()
    return float(said.get_output_by_name("score").as_numpy()[0])


async def test_a_v2_client_curl_and_rpc_get_lightgbms_own_score_to_the_last_bit(endpoint: Endpoint) -> None:
    for version, width in WIDTHS.items():
        booster = lightgbm.Booster(model_str=lightgbm_text(wide=width == 4).decode())
        for row in ROWS:
            own = float(booster.predict(row[None, :width])[0])  # type: ignore[index]
            scores = [await way(endpoint, version, row) for way in (by_curl, by_rpc, by_triton, by_kserve)]
            assert [struct.pack("<d", score) for score in scores] == [struct.pack("<d", own)] * 4, (version, row, own, scores)


async def test_the_rows_of_a_batch_get_the_scores_that_each_gets_alone(endpoint: Endpoint) -> None:
    matrix = {"name": "rows", "shape": list(ROWS.shape), "datatype": "FP64", "data": ROWS.tolist()}
    async with httpx.AsyncClient(base_url=endpoint.url, headers=endpoint.headers) as http:
        batch = (await http.post(f"/v2/models/{endpoint.slug}/versions/v1.3/infer", json={"inputs": [matrix]})).json()["outputs"][0]["data"]
    assert batch == [await by_triton(endpoint, "v1.3", row) for row in ROWS]
