"""Requests that a new champion would refuse: said in each dialog that can bring one in, and accepted by a person before it is done."""

import re
from secrets import token_hex

import pytest
from playwright.async_api import Page, expect

from demo.dataset import load
from tests.journeys.browser import Tab
from tests.support.product import Product

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHOLE, SHORT = 70, 30


async def lacking(product: Product) -> tuple[str, str]:
    """A group with 30 of 100 requests in its log that lack an input of the challenger; gives the group's slug and the input's name."""
    ids = {version["label"]: version["id"] for version in await product.ask("models.versions", slug="credit_scoring")}

    async def inputs_of(label: str) -> set[str]:
        features = (await product.ask("models.version", version_id=ids[label]))["document"]["features"]
        return {feature["name"] for feature in features if feature["role"] == "input"}

    extra = sorted(await inputs_of("v1.3") - await inputs_of("v1.2"))[0]
    slug: str = (await product.group(f"lacking_{token_hex(4)}"))["slug"]
    traffic = load()[1]
    async with product.client() as http:
        for index in range(WHOLE + SHORT):
            inputs = traffic.inputs(index)
            if index >= WHOLE:
                inputs.pop(extra)
            answer = await http.post(f"/v1/groups/{slug}/predict", json={"inputs": inputs, "entity_key": f"one {index}"})
            assert answer.status_code == 200, answer.text
    return slug, extra


async def said(page: Page, words: str) -> None:
    await expect(page.get_by_text(re.compile(words))).to_be_visible(timeout=20_000)


async def test_a_promotion_waits_for_consent_to_the_requests_it_would_refuse(console: Tab, product: Product) -> None:
    slug, extra = await lacking(product)
    page = await console.open(f"/groups/{slug}")
    await page.get_by_role("button", name="Promote v1.3").click()
    dialog = page.get_by_role("dialog", name="Promote v1.3 to champion?")
    await expect(dialog).to_contain_text(
        re.compile(rf"30\.0 % of the last week’s requests would be refused by v1\.3, as they lack {extra} \(30\)"), timeout=20_000
    )
    button = dialog.get_by_role("button", name="Promote v1.3")
    await expect(button).to_be_disabled()
    await expect(dialog).to_contain_text("Accept the refusals above first.")
    for name in ("Promote v1.3", "Cancel"):
        await expect(dialog.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    await console.assert_accessible()
    await console.picture("promote-refusals")
    await dialog.get_by_label("I accept that v1.3 refuses such requests").check()
    await button.click()
    await expect(page.get_by_role("dialog", name="v1.3 is champion")).to_be_visible()
    assert (await product.ask("groups.promotions", slug=slug))[0]["evidence"]["refused_share"] == pytest.approx(0.3)


async def test_a_split_asks_a_ramp_tells_and_a_rollback_only_tells(console: Tab, product: Product) -> None:
    slug, extra = await lacking(product)
    page = await console.open(f"/groups/{slug}/control")
    await said(page, rf"30\.0 % of the last week’s requests cannot be answered by v1\.3 and go to the champion, as they lack {extra} \(30\)")
    await expect(page.get_by_role("button", name="Start the ramp")).to_be_enabled()
    await console.picture("ramp-refusals")
    await console.open(f"/groups/{slug}/split")
    for number, role in ((1, "Challenger"), (2, "Champion")):
        await page.get_by_role("combobox", name=f"Role of version {number}").click()
        await page.get_by_role("option", name=role).locator("visible=true").click()
    await said(page, rf"would be refused by v1\.3, as they lack {extra} \(30\)")
    button = page.get_by_role("button", name="Open phase 2")
    await expect(button).to_be_disabled()
    await console.picture("split-refusals")
    await page.get_by_label("I accept that v1.3 refuses such requests").check()
    await button.click()
    await expect(page.get_by_text("Phase 2 is open")).to_be_visible()
    members = (await product.ask("groups.get", slug=slug))["phase"]["members"]
    assert {member["label"]: member["role"] for member in members} == {"v1.2": "challenger", "v1.3": "champion"}
    ids = {member["label"]: member["version_id"] for member in members}
    back = [{"version_id": ids["v1.2"], "role": "champion", "share": 10_000}]
    await product.call("groups.setSplit", slug=slug, phase=2, members=back, reason="back")
    await console.open(f"/groups/{slug}/control")
    await said(page, rf"would be refused by v1\.3, as they lack {extra} \(30\)")
    await expect(page.get_by_text("no request fails")).to_have_count(0)
    await page.get_by_role("button", name="Roll back to v1.3").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text(re.compile(rf"would be refused by v1\.3, as they lack {extra} \(30\)"), timeout=20_000)
    await expect(dialog.get_by_role("checkbox")).to_have_count(0)
    await dialog.get_by_label("Reason").fill("as before")
    await expect(dialog.get_by_role("button", name="Roll back now")).to_be_enabled()
    await console.picture("rollback-refusals")
