"""The data plane as its callers meet it."""

import math
from typing import Any

import pytest

from backend.access import tokens
from backend.hub import Hub
from backend.ids import new_id
from backend.serving.traffic import traffic as read_traffic
from schemas.access import CreateToken, TokenRef
from schemas.groups import GroupRef
from tests.support.group import Serving, serve_group
from tests.support.predictions import data_plane, drain, logged
from tests.support.tenants import Tenant

pytestmark = pytest.mark.busy


@pytest.fixture
async def serving(hub: Hub, tenant: Tenant) -> Serving:
    return await serve_group(hub, tenant)


def path(serving: Serving) -> str:
    return f"/v1/groups/{serving.group.slug}/predict"


async def test_an_answer_says_score_version_role_and_id_and_is_one_explained_row(hub: Hub, tenant: Tenant, serving: Serving) -> None:
    async with data_plane(hub, tenant.token) as http:
        said = await http.post(path(serving), json={"inputs": serving.inputs, "entity_key": "client-1", "context": {"product": "card"}})
    answer = said.json()
    assert said.status_code == 200, answer
    assert {"score", "version", "role", "inference_id", "phase", "output", "label", "stale", "latency_us"} <= set(answer)
    assert await drain(hub, serving.group) == 1
    rows = await logged(hub, tenant, serving.group)
    (row,) = rows.values()
    assert str(row["inference_id"]) == answer["inference_id"]
    assert (row["version"], row["role"], row["score"], row["entity_key"]) == (answer["version"], answer["role"], answer["score"], "client-1")
    explanation: Any = row["explanation"]
    assert explanation["base"] + sum(explanation["values"].values()) == pytest.approx(answer["output"]["margin"], abs=1e-6)
    assert 1 / (1 + math.exp(-answer["output"]["margin"])) == pytest.approx(answer["score"], abs=1e-12)
    assert row["context"] == {"use_case": None, "region": None, "product": "card", "mode": None}


async def test_whole_numbers_do_for_numbers(hub: Hub, tenant: Tenant, serving: Serving) -> None:
    async with data_plane(hub, tenant.token) as http:
        floats = await http.post(path(serving), json={"inputs": serving.inputs, "entity_key": "a"})
        whole = await http.post(path(serving), json={"inputs": {k: int(v) for k, v in serving.inputs.items()}, "entity_key": "a"})
    assert floats.json()["score"] == whole.json()["score"]


async def test_a_batch_is_one_inference_each_in_the_order_asked(hub: Hub, tenant: Tenant, serving: Serving) -> None:
    batch = [serving.inputs | {"limit_bal": 10_000.0 * number} for number in range(1, 41)]
    async with data_plane(hub, tenant.token) as http:
        answers = (await http.post(path(serving), json={"inputs": batch, "explain": True})).json()["predictions"]
    assert await drain(hub, serving.group) == 40
    rows = {str(key): row for key, row in (await logged(hub, tenant, serving.group)).items()}
    assert [rows[answer["inference_id"]]["inputs"]["limit_bal"] for answer in answers] == [one["limit_bal"] for one in batch]  # type: ignore[index]
    for answer in answers:
        kept: Any = rows[answer["inference_id"]]["explanation"]
        assert kept["values"] == pytest.approx(answer["explanation"]["values"], abs=1e-12)


async def test_one_key_always_meets_the_same_version_and_both_versions_answer(hub: Hub, tenant: Tenant, serving: Serving) -> None:
    async with data_plane(hub, tenant.token) as http:
        met: dict[str, set[str]] = {}
        for number in range(150):
            for _ in range(2):
                body = {"inputs": serving.inputs, "entity_key": f"client-{number % 60}"}
                met.setdefault(body["entity_key"], set()).add((await http.post(path(serving), json=body)).json()["version"])
    assert all(len(versions) == 1 for versions in met.values())
    assert set.union(*met.values()) == {"v1.2", "v1.3"}


async def test_a_challenger_that_lacks_its_features_is_not_chosen_and_the_champions_missing_ones_are_named(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant, challenger_share=9_000)
    narrow = {name: value for name, value in serving.inputs.items() if name != "pay_amt1"}
    async with data_plane(hub, tenant.token) as http:
        met = {(await http.post(path(serving), json={"inputs": narrow, "entity_key": str(n)})).json()["version"] for n in range(20)}
        refused = await http.post(path(serving), json={"inputs": {"limit_bal": 1.0}})
    assert met == {"v1.2"}
    assert refused.status_code == 422
    assert refused.json()["error"]["reason"] == "MISSING_FEATURES"
    assert {issue["pointer"] for issue in refused.json()["error"]["issues"]} == {"/inputs/pay_1", "/inputs/bill_amt1"}


async def test_requests_that_could_not_reach_a_challenger_are_counted_with_the_inputs_they_lacked(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant, challenger_share=9_000)
    narrow = {name: value for name, value in serving.inputs.items() if name != "pay_amt1"}
    async with data_plane(hub, tenant.token) as http:
        for number in range(20):
            assert (await http.post(path(serving), json={"inputs": narrow, "entity_key": str(number)})).status_code == 200
        reached = [(await http.post(path(serving), json={"inputs": serving.inputs, "entity_key": str(n)})).json()["version"] for n in range(20)].count("v1.3")
    assert await drain(hub, serving.group) == 40
    async with hub.work(tenant.admin, read_only=True) as work:
        (starved,) = (await read_traffic(work, GroupRef(slug=serving.group.slug))).starved
    assert (starved.version, starved.requests, starved.lacks) == ("v1.3", reached, ["pay_amt1"])


DEEP = b'{"inputs": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}"
HOSTILE: list[tuple[str, dict[str, Any], int, str, str]] = [
    ("text for a number", {"json": {"inputs": {"limit_bal": "much", "pay_1": 0, "bill_amt1": 0}}}, 422, "INVALID_FEATURES", "/inputs/limit_bal"),
    ("true for a number", {"json": {"inputs": {"limit_bal": True, "pay_1": 0, "bill_amt1": 0}}}, 422, "INVALID_FEATURES", "/inputs/limit_bal"),
    ("a list for a number", {"json": {"inputs": {"limit_bal": [1], "pay_1": 0, "bill_amt1": 0}}}, 422, "INVALID_FEATURES", "/inputs/limit_bal"),
    ("a number past all floats", {"json": {"inputs": {"limit_bal": 10**400, "pay_1": 0, "bill_amt1": 0}}}, 422, "INVALID_FEATURES", "/inputs/limit_bal"),
    ("null for what is required", {"json": {"inputs": {"limit_bal": None, "pay_1": 0, "bill_amt1": 0}}}, 422, "MISSING_FEATURES", "/inputs/limit_bal"),
    ("an unknown feature", {"json": {"inputs": {"a/b": 1, "limit_bal": 1, "pay_1": 0, "bill_amt1": 0}}}, 422, "UNKNOWN_FEATURES", "/inputs/a~1b"),
    ("the second of a batch", {"json": {"inputs": [{"limit_bal": 1, "pay_1": 0, "bill_amt1": 0}, {}]}}, 422, "MISSING_FEATURES", "/inputs/1/pay_1"),
    ("an empty batch", {"json": {"inputs": []}}, 422, "INVALID_BATCH", "/inputs"),
    ("NaN", {"content": b'{"inputs": {"limit_bal": NaN}}'}, 400, "NOT_FINITE", "/inputs/limit_bal"),
    ("Infinity in a batch", {"content": b'{"inputs": [{"limit_bal": 1}, {"pay_1": -Infinity}]}'}, 400, "NOT_FINITE", "/inputs/1/pay_1"),
    ("a number that JSON cannot carry", {"content": b'{"inputs": {"limit_bal": 1e999}}'}, 400, "INVALID_BODY", "/inputs"),
    ("no JSON", {"content": b"{"}, 400, "MALFORMED_BODY", ""),
    ("bytes that are no text", {"content": b'{"inputs": {"limit_bal": "\xff"}}'}, 400, "MALFORMED_BODY", ""),
    ("an empty body", {"content": b""}, 400, "MALFORMED_BODY", ""),
    ("a depth bomb", {"content": DEEP}, 400, "MALFORMED_BODY", ""),
    ("a field nobody declared", {"json": {"inputs": {}, "input": {}}}, 400, "INVALID_BODY", ""),
    ("a wrong type in the body", {"json": {"inputs": {}, "explain": "yes"}}, 400, "INVALID_BODY", "/explain"),
    ("a number for the inputs", {"json": {"inputs": 3}}, 400, "INVALID_BODY", "/inputs"),
    ("a NUL in the key", {"json": {"inputs": {}, "entity_key": "a\x00b"}}, 400, "INVALID", "/entity_key"),
    ("a key of 201 characters", {"json": {"inputs": {}, "entity_key": "k" * 201}}, 400, "INVALID_BODY", "/entity_key"),
    ("a body past the limit", {"content": b" " * (16 * 1024 * 1024 + 1)}, 413, "PAYLOAD_TOO_LARGE", ""),
    ("another content type", {"content": b"{}", "headers": {"content-type": "text/plain"}}, 415, "UNSUPPORTED_MEDIA_TYPE", ""),
]


async def test_what_no_model_can_answer_is_refused_in_words_and_leaves_no_row(hub: Hub, tenant: Tenant, serving: Serving) -> None:
    async with data_plane(hub, tenant.token) as http:
        for name, request, status, reason, pointer in HOSTILE:
            answer = await http.post(path(serving), **({"headers": {"content-type": "application/json"}} | request))
            error = answer.json()["error"]
            assert (answer.status_code, error["reason"]) == (status, reason), f"{name}: {answer.text[:300]}"
            assert {"code", "message", "issues", "requestId"} <= set(error), name
            assert pointer in [issue["pointer"] for issue in error["issues"]] or not pointer, f"{name}: {error['issues']}"
    assert await drain(hub, serving.group) == 0
    assert await logged(hub, tenant, serving.group) == {}
    async with hub.work(tenant.admin, read_only=True) as work:
        traffic = await read_traffic(work, GroupRef(slug=serving.group.slug))
    assert traffic.refused == len(HOSTILE)
    assert [one.reason for one in reversed(traffic.refusals)] == [reason for *_, reason, _ in HOSTILE[-len(traffic.refusals) :]]
    assert all(len(one.caller) and len(issue.message) <= 300 for one in traffic.refusals for issue in one.issues)


async def test_without_a_good_token_or_a_group_of_ones_own_nobody_is_answered(hub: Hub, tenant: Tenant, other_tenant: Tenant, serving: Serving) -> None:
    body = {"inputs": serving.inputs}
    async with data_plane(hub, None) as http:

        async def status(token: str | None, slug: str) -> tuple[int, str]:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            answer = await http.post(f"/v1/groups/{slug}/predict", json=body, headers=headers)
            return answer.status_code, answer.json()["error"]["reason"]

        assert await status(None, serving.group.slug) == (401, "UNAUTHORIZED")
        assert await status("tyd_nobody", serving.group.slug) == (401, "UNAUTHORIZED")
        assert await status(other_tenant.token, serving.group.slug) == (404, "GROUP_NOT_FOUND")
        assert await status(tenant.token, "nobody_knows") == (404, "GROUP_NOT_FOUND")
        assert (await http.get(path(serving))).status_code == 405
    assert await drain(hub, serving.group) == 0


async def test_a_token_without_the_scope_is_refused_and_a_revoked_one_at_once(hub: Hub, tenant: Tenant, serving: Serving) -> None:
    async with hub.work(tenant.admin) as work:
        narrow = await tokens.create_token(work, CreateToken(name="reader", scopes=["group:group:read"]))
        brief = await tokens.create_token(work, CreateToken(name="brief", scopes=["inference:group:predict"]))
    async with data_plane(hub, brief.secret) as http:
        refused = await http.post(path(serving), json={"inputs": serving.inputs}, headers={"Authorization": f"Bearer {narrow.secret}"})
        assert refused.status_code == 403
        assert (await http.post(path(serving), json={"inputs": serving.inputs})).status_code == 200
        async with hub.work(tenant.admin) as work:
            await tokens.revoke_token(work, TokenRef(token_id=brief.token.id))
        last = 200
        for _ in range(50):
            last = (await http.post(path(serving), json={"inputs": serving.inputs})).status_code
            if last == 401:
                break
        assert last == 401


async def test_outcomes_are_taken_and_told_what_became_of_them(hub: Hub, tenant: Tenant, serving: Serving) -> None:
    async with data_plane(hub, tenant.token) as http:
        known = (await http.post(path(serving), json={"inputs": serving.inputs})).json()["inference_id"]
        await drain(hub, serving.group)
        told = {"slug": serving.group.slug, "outcomes": [{"inference_id": known, "actual": 1}, {"inference_id": str(new_id()), "actual": 0}]}
        receipt = (await http.post("/v1/outcomes", json=told)).json()
        nameless = await http.post("/v1/outcomes", json={"slug": serving.group.slug, "outcomes": [{"actual": 1}]})
    assert receipt == {"received": 2, "applied": 1, "duplicate": 0, "corrected": 0, "waiting": 1, "repeats": 0}
    assert (nameless.status_code, nameless.json()["error"]["issues"][0]["pointer"]) == (400, "/outcomes/0")


async def test_one_rows_explanation_is_the_same_whether_a_thread_or_the_request_itself_makes_it(hub: Hub, tenant: Tenant, serving: Serving) -> None:
    async with data_plane(hub, tenant.token) as http:
        asked = {"inputs": serving.inputs, "entity_key": "client-1", "explain": True}
        said = [(await http.post(path(serving), json=asked)).json() for _ in range(4)]  # the first compiles, in a thread
    assert said[0]["explanation"]["exact"] is True
    assert [one["explanation"] for one in said] == [said[0]["explanation"]] * 4
