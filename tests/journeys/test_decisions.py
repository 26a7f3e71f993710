"""A group's decisions in a real browser: the rule drawn and tried, a version kept, overrides read, the value table changed."""

import re

import pytest
from playwright.async_api import expect

from tests.journeys.browser import Tab
from tests.support.product import GROUP

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = f"/groups/{GROUP}/decisions"


async def test_a_rule_is_seen_tried_on_logged_rows_and_kept_as_a_version(console: Tab) -> None:
    page = await console.open(PAGE)
    rule = page.get_by_role("region", name="Rule of v1.2")
    await expect(rule).to_contain_text("below 0.17")
    await expect(rule).to_contain_text("0.3 and above")
    await expect(page.get_by_role("button", name="Keep as a new version")).to_have_attribute("aria-disabled", "true")
    await page.get_by_label("Bound of band 1").fill("0.1")
    await page.get_by_role("button", name="Try on logged rows").click()
    trial = page.get_by_role("region", name="Trial")
    await expect(trial).to_contain_text(re.compile(r"[\d,]+ decisions move"))
    await expect(trial).to_contain_text("a minor version")
    await console.assert_accessible()
    await console.picture("decisions")
    await page.get_by_role("button", name="Keep as a new version").click()
    await expect(page.get_by_text("is ready.", exact=False).first).to_be_visible()


async def test_overrides_are_read_with_their_intervals_and_a_value_table_is_changed(console: Tab) -> None:
    page = await console.open(PAGE)
    overrides = page.get_by_role("region", name="Overrides")
    await expect(overrides).to_contain_text(re.compile(r"[\d,]+ of [\d,]+ final decisions are overrides"))
    await expect(overrides.get_by_role("table")).to_contain_text("desk north")
    await expect(overrides.get_by_role("table")).to_contain_text("refer → approve")
    await expect(page.get_by_text("Value per application can be the decision metric")).to_be_visible()
    await page.get_by_role("textbox", name="Highest value").fill("120")
    await page.get_by_role("button", name="Save the value table").click()
    await expect(page.get_by_text("The change is in the audit log.")).to_be_visible()


async def test_an_inference_shows_what_was_recommended_and_what_was_finally_done(console: Tab) -> None:
    page = await console.open(f"/groups/{GROUP}/inferences")
    await page.get_by_role("button", name=re.compile("open inference")).first.click()
    decision = page.get_by_role("dialog").get_by_label("Decision")
    await expect(decision).to_contain_text(re.compile(r"(approve|refer|decline), by the rule of v1\.[23]"))
