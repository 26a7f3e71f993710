"""What a language model sees of an imported file: chosen by the tenant, looked at word for word before."""

import re

import pytest
from playwright.async_api import expect

from tests.journeys.browser import Tab
from tests.support.product import Product

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_what_leaves_the_house_is_seen_before_it_is_chosen_and_a_connector_may_see_less(console: Tab, product: Product) -> None:
    connector = (await product.call("connectors.create", name="Sees less", provider="openai", api_key="sk-sees-less-than-others"))["id"]
    page = await console.open("/settings/connectors")
    await page.get_by_role("link", name="What they see of a file").click()
    await expect(page.get_by_role("heading", level=1, name="Language models")).to_be_visible()
    text = page.get_by_label("text that would be sent", exact=True)
    await expect(text).to_contain_text("stichtag")
    await expect(text).not_to_contain_text("jane.doe")
    await expect(text).not_to_contain_text("lightgbm")
    await page.get_by_label("Show short words too").check()
    await expect(text).to_contain_text("= lightgbm")
    await page.get_by_label("Known keys").check()
    await expect(text).not_to_contain_text("stichtag")
    await page.get_by_label("The whole file").check()
    await expect(text).to_contain_text("jane.doe@example.com")
    await page.get_by_role("combobox", name="What Sees less sees").click()
    await page.get_by_role("option", name="Known keys").click()
    await console.assert_accessible()
    await console.picture("settings-sharing-chosen")
    await page.get_by_role("button", name=re.compile("save$", re.IGNORECASE)).click()
    await expect(page.get_by_text("Chosen by admin@tiltyard.local")).to_be_visible()
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()
    await expect(page.get_by_text("Nothing to save.")).to_be_visible()
    chosen = await product.ask("imports.sharing")
    assert (chosen["shows"], chosen["stricter"]) == ("file", {connector: "vocabulary"})
    await console.open("/settings/sharing")
    await expect(page.get_by_label("The whole file")).to_be_checked()
    await page.get_by_label("Keys (default)").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Keys (default)")).to_be_checked()
    await console.open("/settings/audit?action=imports.setSharing")
    await expect(page.get_by_text("imports.setSharing", exact=True).first).to_be_visible()
    await product.call("connectors.delete", connector_id=connector)
