"""Halt, resume, rollback and ramp in the browser, as whoever is on call does it."""

import asyncio
import re
from secrets import token_hex
from typing import Any

import httpx
from playwright.async_api import Browser, expect

from tests.journeys.browser import chromium, sign_in_once, tab
from tests.support.product import Product

PASSWORD = "the second person's password"


async def predict(product: Product, slug: str, inputs: dict[str, Any]) -> httpx.Response:
    async with product.client() as http:
        return await http.post(f"/v1/groups/{slug}/predict", json={"inputs": inputs})


async def ask_on(product: Product, slug: str, inputs: dict[str, Any]) -> None:
    while True:
        assert (await predict(product, slug, inputs)).status_code == 200
        await asyncio.sleep(0.2)


async def example(product: Product) -> dict[str, Any]:
    row = (await product.ask("inference.browse", slug="live_credit_scoring", limit=1))["items"][0]
    found: dict[str, Any] = (await product.ask("inference.get", slug="live_credit_scoring", inference_id=row["inference_id"]))["inputs"]
    return found


async def test_a_group_is_halted_resumed_by_two_people_and_rolled_back(product: Product) -> None:
    group = await product.group(f"controlled_{token_hex(4)}")
    slug, inputs = group["slug"], await example(product)
    seen = await product.ask("groups.comparison", slug=slug)
    challenger = next(one for one in seen["contenders"] if one["role"] == "challenger")
    await product.call("groups.promote", slug=slug, version_id=challenger["version_id"], evidence_id=seen["evidence_id"], threshold=0.7)
    assert (await predict(product, slug, inputs)).json()["version"] == "v1.3"
    second = await product.call("access.people.create", email=f"{slug}@control.example", name="Second", password=PASSWORD, roles=["ml_lead"])
    try:
        async with chromium() as browser:
            await halt_and_ask_to_resume(browser, product, slug, inputs)
            await confirm_and_roll_back(browser, product, slug, inputs)
        assert (await predict(product, slug, inputs)).json()["version"] == "v1.2"
        assert (await product.ask("groups.get", slug=slug))["threshold"] == 0.5
    finally:
        await product.call("access.people.disable", person_id=second["id"])


async def halt_and_ask_to_resume(browser: Browser, product: Product, slug: str, inputs: dict[str, Any]) -> None:
    async with tab(browser, product, storage_state=await sign_in_once(browser, product)) as one:
        page = await one.open(f"/groups/{slug}/control")
        await page.get_by_role("button", name=re.compile("^Halt Controlled")).click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("rejects all requests from now on")
        await dialog.get_by_label("Reason").fill("the feed is wrong")
        await dialog.get_by_role("button", name="Halt now").click()
        await expect(page.get_by_text("This group is halted and rejects all requests")).to_be_visible()
        refused = await predict(product, slug, inputs)
        assert (refused.status_code, refused.json()["error"]["reason"]) == (503, "GROUP_HALTED")
        assert "the feed is wrong" in refused.json()["error"]["message"]
        await one.picture("control-halted")
        await one.assert_accessible()
        await page.get_by_label("Reason to resume").fill("the feed is mended")
        await page.get_by_role("button", name="Ask to resume").click()
        await expect(page.get_by_text("A second person has to confirm.")).to_be_visible()
        assert (await predict(product, slug, inputs)).status_code == 503


async def confirm_and_roll_back(browser: Browser, product: Product, slug: str, inputs: dict[str, Any]) -> None:
    async with tab(browser, product) as other:
        page = await other.open("/sign-in")
        await page.get_by_label("E-mail").fill(f"{slug}@control.example")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("heading", level=1, name="Hub").wait_for()
        await other.open(f"/groups/{slug}/control")
        await page.get_by_role("button", name="Confirm, as a second person").click()
        await expect(page.get_by_role("button", name=re.compile("^Halt Controlled"))).to_be_visible()
        assert (await predict(product, slug, inputs)).status_code == 200
        await page.get_by_role("button", name="Roll back to v1.2").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("v1.2 answers all traffic, with its own features and the threshold 0.5")
        await dialog.get_by_label("Reason").fill("worse than before")
        await dialog.get_by_role("button", name="Roll back now").click()
        await expect(page.get_by_text("v1.2 is champion again")).to_be_visible()


async def test_a_ramp_is_planned_started_and_advances_before_ones_eyes(product: Product) -> None:
    group = await product.group(f"ramped_{token_hex(4)}")
    slug, inputs = group["slug"], await example(product)
    async with chromium() as browser:
        session = await sign_in_once(browser, product)
        async with tab(browser, product, storage_state=session) as one:
            page = await one.open(f"/groups/{slug}/control")
            for _ in range(3):
                await page.get_by_role("button", name="Remove step 1").click()
            for step in (1, 2):
                await page.get_by_label(f"Minutes of step {step}").fill("0")
                await page.get_by_label(f"Requests of step {step}").fill("1")
            await page.get_by_role("button", name="Start the ramp").click()
            await expect(page.get_by_label("Steps of the ramp of v1.3")).to_contain_text("50 %, now")
            await one.picture("control-ramp")
            asking = asyncio.create_task(ask_on(product, slug, inputs))
            await expect(page.get_by_text("completed", exact=True)).to_be_visible(timeout=60_000)
            asking.cancel()
            await one.assert_accessible()
    ramps = await product.ask("groups.ramps", slug=slug)
    assert [decision["decision"] for decision in ramps[0]["decisions"]] == ["start", "advance", "complete"]
    members = (await product.ask("groups.get", slug=slug))["phase"]["members"]
    assert {member["label"]: member["share"] for member in members} == {"v1.2": 0, "v1.3": 10_000}
