"""Decisions over HTTP: in the answer, in the Open Inference Protocol, and final ones told by `POST /v1/decisions`."""

import pytest

from backend.access import tokens
from backend.access.permissions import P
from backend.hub import Hub
from schemas.access import CreateToken
from schemas.groups import MemberRole
from tests.support.decisions import cut_at, split, with_rule
from tests.support.group import serve_group
from tests.support.predictions import data_plane, drain, logged
from tests.support.tenants import Tenant


async def test_a_decision_is_answered_and_a_final_one_told_by_a_token_that_may(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    champion = await with_rule(hub, tenant, serving.champion, cut_at(1e9))
    group = await split(hub, tenant, serving.group.slug, (champion, MemberRole.CHAMPION, 10_000))
    async with data_plane(hub, tenant.token) as client:
        answer = (await client.post(f"/v1/groups/{group.slug}/predict", json={"inputs": serving.inputs, "explain": True})).json()
        assert (answer["decision"], answer["decision_rule"]) == ("approve", champion.label)
        assert answer["explanation"] is not None
        inputs = [{"name": name, "shape": [1], "datatype": "FP64", "data": [value]} for name, value in serving.inputs.items()]
        said = (await client.post(f"/v2/models/{group.slug}/infer", json={"inputs": inputs})).json()
        outputs = {output["name"]: output["data"] for output in said["outputs"]}
        assert (outputs["decision"], outputs["decision_rule"]) == (["approve"], [champion.label])
        metadata = (await client.get(f"/v2/models/{group.slug}")).json()
        assert {"decision", "decision_rule"} < {output["name"] for output in metadata["outputs"]}
        batch = {"slug": group.slug, "decisions": [{"inference_id": answer["inference_id"], "decision": "decline", "by": "ann"}]}
        assert (await client.post("/v1/decisions", json=batch)).json()["waiting"] == 1
        assert (await client.post("/v1/decisions", json=batch)).json()["duplicate"] == 1
        refused = await client.post("/v1/decisions", json={"slug": group.slug, "decisions": [{"decision": "declin", "by": "ann"}]})
        assert (refused.status_code, refused.json()["error"]["issues"][0]["pointer"]) == (400, "/decisions/0")
        await drain(hub, group)
        rows = await logged(hub, tenant, group)
    assert {str(one): row["final_decision"] for one, row in rows.items() if str(one) == answer["inference_id"]} == {answer["inference_id"]: "decline"}


@pytest.mark.parametrize("scope", [P.INFERENCE_OUTCOME_WRITE, P.INFERENCE_GROUP_PREDICT])
async def test_a_token_without_the_scope_tells_no_final_decision(hub: Hub, tenant: Tenant, scope: P) -> None:
    async with hub.work(tenant.admin) as work:
        token = (await tokens.create_token(work, CreateToken(name="feed", scopes=[str(scope)]))).secret
    async with data_plane(hub, token) as client:
        refused = await client.post("/v1/decisions", json={"slug": "any", "decisions": [{"decision": "approve", "by": "ann"}]})
    assert refused.status_code == 403
