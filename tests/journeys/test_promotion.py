"""A promotion while the endpoint is busy."""

import asyncio
import time
from collections import Counter
from typing import Any

from demo.dataset import load
from tests.support.product import Product

CONCURRENT = 2_000


async def test_a_promotion_under_load_drops_no_request_and_everything_after_it_goes_to_the_new_champion(product: Product) -> None:
    group = await product.group("promoted_under_load")
    path = f"/v1/groups/{group['slug']}/predict"
    traffic = load()[1]
    answers: list[tuple[float, Any]] = []
    async with product.client() as http:

        async def ask(part: int) -> None:
            for index in range(part, CONCURRENT, 32):
                sent = time.monotonic()
                answer = await http.post(path, json={"inputs": traffic.inputs(index), "entity_key": f"key-{index}"})
                assert answer.status_code == 200, answer.text
                answers.append((sent, answer.json()))

        asking = [asyncio.create_task(ask(part)) for part in range(32)]
        while len(answers) < CONCURRENT // 4:
            await asyncio.sleep(0.01)
        seen = await product.ask("groups.comparison", slug=group["slug"])
        challenger = next(contender for contender in seen["contenders"] if contender["role"] == "challenger")
        done = await product.call("groups.promote", slug=group["slug"], version_id=challenger["version_id"], evidence_id=seen["evidence_id"], reason="test")
        promoted = time.monotonic()
        await asyncio.gather(*asking)
    assert len(answers) == CONCURRENT
    assert done["group"]["phase"]["number"] == 2
    after = [answer for sent, answer in answers if sent > promoted]
    assert len(after) > 100, "the promotion came too late to say anything"
    assert Counter((answer["version"], answer["role"], answer["phase"]) for answer in after) == {("v1.3", "champion", 2): len(after)}
    assert all((answer["phase"] == 1) or answer["version"] == "v1.3" for _, answer in answers)
    before = Counter(answer["version"] for _, answer in answers if answer["phase"] == 1)
    assert before["v1.2"] > 5 * before["v1.3"]


async def test_evidence_from_before_the_last_change_is_refused_and_nothing_changes(product: Product) -> None:
    group = await product.group("stale_evidence")
    seen = await product.ask("groups.comparison", slug=group["slug"])
    members = [{key: member[key] for key in ("version_id", "role", "share")} for member in group["phase"]["members"]]
    members[0]["share"], members[1]["share"] = 8_000, 2_000
    await product.call("groups.setSplit", slug=group["slug"], phase=1, members=members, reason="ramp")
    async with product.client() as http:
        promotion = {"slug": group["slug"], "version_id": members[1]["version_id"], "evidence_id": seen["evidence_id"]}
        refused = await http.post("/rpc/groups.promote", json=promotion)
    assert refused.json()["error"]["data"]["reason"] == "STALE_EVIDENCE"
    now = await product.ask("groups.get", slug=group["slug"])
    assert (now["phase"]["number"], [member["share"] for member in now["phase"]["members"]]) == (2, [8_000, 2_000])


async def test_a_promotion_is_in_the_audit_log_with_the_evidence_it_was_based_on(product: Product) -> None:
    group = await product.group("audited_promotion")
    seen = await product.ask("groups.comparison", slug=group["slug"])
    challenger = next(contender for contender in seen["contenders"] if contender["role"] == "challenger")
    done = await product.call(
        "groups.promote", slug=group["slug"], version_id=challenger["version_id"], evidence_id=seen["evidence_id"], keep_old=500, reason="by hand"
    )
    assert {member["label"]: member["share"] for member in done["group"]["phase"]["members"]} == {"v1.3": 9_500, "v1.2": 500}
    kept = (await product.ask("groups.promotions", slug=group["slug"]))[0]
    assert (kept["from_label"], kept["to_label"], kept["reason"], kept["evidence_hash"]) == ("v1.2", "v1.3", "by hand", done["evidence_hash"])
    entries = (await product.ask("audit.list", limit=20))["items"]
    assert any(done["evidence_hash"] in str(entry) for entry in entries)
    verdict = await product.ask("audit.verify")
    assert verdict["ok"], verdict
    assert verdict["checked"] >= len(entries)
