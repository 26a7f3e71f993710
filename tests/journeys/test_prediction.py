"""What a workflow that calls the endpoint can count on."""

import asyncio
import math
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from backend.access.rules import secret_hash
from demo.dataset import load
from demo.hub import Hub
from tests.support.product import GROUP, LOG_TABLE, Product

PATH = f"/v1/groups/{GROUP}/predict"
INPUTS = load()[1].inputs(0)


async def predict(http: httpx.AsyncClient, path: str = PATH, **extra: Any) -> Any:
    answer = await http.post(path, json={"inputs": INPUTS} | extra)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def answered(product: Product) -> int:
    """Answers in the log once nothing is on its way any more."""
    last, same = -1, 0
    while same < 3:
        count = int((await product.sql(f"SELECT count(*) FROM {LOG_TABLE} WHERE status = 'ok'"))[0]["count"])
        last, same = count, same + 1 if count == last else 0
        await asyncio.sleep(0.5)
    return last


async def test_an_answer_is_one_explained_row_within_two_seconds(product: Product) -> None:
    async with product.client() as http:
        await predict(http, entity_key="one")  # the process has met its models
        answer = await predict(http, entity_key="one", correlation_id="one-row", context={"use_case": "credit_line_review"})
    assert 0 < answer["score"] < 1
    assert answer["version"] in {"v1.2", "v1.3"}
    assert answer["role"] in {"champion", "challenger"}
    deadline = time.monotonic() + 2
    found: list[Any] = []
    while time.monotonic() < deadline and not (found and found[0]["explanation"]):
        found = await product.sql(
            f"SELECT version, role, score, explanation::jsonb #>> '{{}}' AS explanation, (explanation->>'base')::float8 AS base, "
            "(SELECT sum(value::float8) FROM jsonb_each_text(explanation->'values')) AS added, (output->>'margin')::float8 AS margin, correlation_id "
            f"FROM {LOG_TABLE} WHERE inference_id = $1",
            uuid.UUID(answer["inference_id"]),
        )
        await asyncio.sleep(0.05)
    assert len(found) == 1
    row = found[0]
    assert (row["version"], row["role"], row["correlation_id"]) == (answer["version"], answer["role"], "one-row")
    assert row["score"] == pytest.approx(answer["score"], abs=1e-12)
    assert row["explanation"], "not explained within two seconds"
    assert row["base"] + row["added"] == pytest.approx(row["margin"], abs=1e-6)
    assert 1 / (1 + math.exp(-row["margin"])) == pytest.approx(row["score"], abs=1e-9)


async def test_an_explanation_asked_for_comes_with_the_answer(product: Product) -> None:
    async with product.client() as http:
        answer = await predict(http, explain=True)
    explanation = answer["explanation"]
    assert explanation["base"] + sum(explanation["values"].values()) == pytest.approx(answer["output"]["margin"], abs=1e-6)


async def test_a_batch_is_one_inference_each_in_the_order_asked(product: Product) -> None:
    traffic = load()[1]
    inputs = [traffic.inputs(index) for index in range(50)]
    async with product.client() as http:
        batch = (await http.post(PATH, json={"inputs": inputs})).json()["predictions"]
    assert len({prediction["inference_id"] for prediction in batch}) == 50
    logged = await _logged(product, [prediction["inference_id"] for prediction in batch])
    assert [logged[prediction["inference_id"]] for prediction in batch] == [float(row["limit_bal"]) for row in inputs]


async def _logged(product: Product, ids: list[str]) -> dict[str, float]:
    deadline = time.monotonic() + 10
    while True:
        found = await product.sql(
            f"SELECT inference_id::text AS id, (inputs->>'limit_bal')::float8 AS limit_bal FROM {LOG_TABLE} WHERE inference_id = ANY($1::uuid[])", ids
        )
        if len(found) == len(ids) or time.monotonic() > deadline:
            return {row["id"]: row["limit_bal"] for row in found}
        await asyncio.sleep(0.1)


async def test_ten_thousand_clients_are_split_ninety_to_ten_and_a_client_always_meets_the_same_version(product: Product) -> None:
    path = f"/v1/groups/{(await product.group('split_check'))['slug']}/predict"
    keys = [f"applicant-{index}" for index in range(10_000)]
    first = await asyncio.to_thread(versions_of, product, path, keys)
    again = await asyncio.to_thread(versions_of, product, path, keys[::100])
    assert again == {key: first[key] for key in again}
    share = Counter(first.values())["v1.2"]
    sigma = math.sqrt(10_000 * 0.9 * 0.1)
    assert abs(share - 9_000) < 3 * sigma, f"{share} of 10 000"


def versions_of(product: Product, path: str, keys: list[str]) -> dict[str, str]:
    """The version that each key meets, asked over 8 connections."""
    hub = Hub(product.ready["url"], product.ready["token"], threading.Event())
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda key: hub.post(path, {"inputs": INPUTS, "entity_key": key}), keys, chunksize=50)
        return {key: answer["version"] for key, answer in zip(keys, answers, strict=True)}


async def other_tenants_token(product: Product) -> str:
    """A tenant, its administrator and a token, put in as an operator would by SQL."""
    tenant, person, secret = uuid.uuid4(), uuid.uuid4(), f"tyd_{uuid.uuid4().hex}"
    await product.sql("INSERT INTO tenants (id, name, created_at) VALUES ($1, 'Other', now())", tenant)
    await product.sql(
        "INSERT INTO people (id, tenant_id, email, name, password_hash, roles, created_at) VALUES ($1, $2, $3, 'Other', '-', '{admin}', now())",
        person,
        tenant,
        f"{person}@other.test",
    )
    await product.sql(
        "INSERT INTO api_tokens (id, tenant_id, person_id, name, prefix, secret_hash, scopes, created_at) "
        "VALUES ($1, $2, $3, 'other', 'tyd_', $4, '{*}', now())",
        uuid.uuid4(),
        tenant,
        person,
        secret_hash(secret),
    )
    return secret


async def test_what_cannot_be_answered_is_refused_in_words_and_leaves_no_row(product: Product) -> None:
    before = await answered(product)
    missing = {name: value for name, value in INPUTS.items() if name != "pay_2"}
    headers = {"Content-Type": "application/json"}
    raw = {"content": b'{"inputs": {"limit_bal": NaN}}', "headers": headers}
    refusals: list[tuple[str, str | None, str, dict[str, Any], int, str]] = [
        ("a missing feature", "", PATH, {"json": {"inputs": missing}}, 422, "pay_2"),
        ("text for a number", "", PATH, {"json": {"inputs": INPUTS | {"pay_2": "late"}}}, 422, "/inputs/pay_2"),
        ("an unknown feature", "", PATH, {"json": {"inputs": INPUTS | {"shoe_size": 43}}}, 422, "/inputs/shoe_size"),
        ("NaN", "", PATH, raw, 400, "JSON"),
        ("no JSON at all", "", PATH, {"content": b"{", "headers": headers}, 400, "JSON"),
        ("another content type", "", PATH, {"content": b"limit_bal=1"}, 415, "application/json"),
        ("an unknown group", "", "/v1/groups/nobody_knows/predict", {"json": {"inputs": INPUTS}}, 404, "nobody_knows"),
        ("no token", None, PATH, {"json": {"inputs": INPUTS}}, 401, "token"),
        ("an unknown token", "tyd_nobody", PATH, {"json": {"inputs": INPUTS}}, 401, "token"),
        ("another tenant's token", await other_tenants_token(product), PATH, {"json": {"inputs": INPUTS}}, 404, GROUP),
    ]
    for name, token, path, body, status, word in refusals:
        async with product.client(token) as http:
            answer = await http.post(path, **body)
        assert answer.status_code == status, f"{name}: {answer.status_code} {answer.text}"
        error = answer.json()["error"]
        assert {"code", "reason", "message", "issues", "requestId"} <= set(error), f"{name}: {error}"
        assert word in f"{error['message']} {error['issues']}", f"{name}: {error}"
    assert await answered(product) == before


async def test_an_outcome_told_twice_counts_once_and_a_corrected_one_keeps_its_history(product: Product) -> None:
    async with product.client() as http:
        known = (await predict(http, correlation_id="told-twice"))["inference_id"]
        tell = {"slug": GROUP, "outcomes": [{"inference_id": known, "actual": 1}]}
        first, second = [(await http.post("/v1/outcomes", json=tell)).json() for _ in range(2)]
        corrected = (await http.post("/v1/outcomes", json={"slug": GROUP, "outcomes": [{"correlation_id": "told-twice", "actual": 0}]})).json()
    assert first["applied"] + first["waiting"] == 1
    assert (second["duplicate"], corrected["received"]) == (1, 1)
    for _ in range(100):
        inference = (await product.ask("inference.browse", slug=GROUP, search=known))["items"]
        if inference and inference[0]["actual"] == 0:
            break
        await asyncio.sleep(0.1)
    whole = await product.ask("inference.get", slug=GROUP, inference_id=known)
    assert whole["actual"] == 0
    assert [entry["actual"] for entry in whole["actual_history"]][:1] == [1]
