"""Cut-offs in a real browser: explored, tried in one step; and an exploration asked for, approved and stopped."""

import re

import pytest
from playwright.async_api import expect

from tests.journeys.browser import Tab
from tests.support.product import GROUP

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_cut_off_is_chosen_within_limits_and_tried_as_a_shadow_in_one_step(console: Tab) -> None:
    page = await console.open(f"/groups/{GROUP}/cutoffs")
    explorer = page.get_by_role("region", name="Cut-off explorer")
    await expect(explorer).to_contain_text(re.compile(r"on the latest [\d,]+ mature applications"))
    await expect(explorer).to_contain_text("Value per application, TWD")
    await explorer.get_by_label("Approval rate at least").fill("60")
    await expect(explorer).to_contain_text("within the limits")
    await expect(explorer).to_contain_text(re.compile(r"Expected change: [+−][\d.,]+ TWD per application"))
    await explorer.get_by_text("Bad rate", exact=True).click()
    await console.assert_accessible()
    await console.picture("cutoffs")
    await explorer.get_by_role("button", name="Try as shadow").click()
    await expect(page.get_by_text(re.compile(r"answers by this cut-off from phase \d+ on"))).to_be_visible()
    tried = page.get_by_role("region", name="Cut-offs tried")
    await expect(tried.get_by_role("row")).to_have_count(2)
    await expect(tried).to_contain_text("of v1.2, shadow")


async def test_the_swap_set_is_of_the_shadow_or_says_what_is_missing(console: Tab) -> None:
    page = await console.open(f"/groups/{GROUP}/cutoffs")
    await expect(page.get_by_role("region", name="Swap set")).to_contain_text(re.compile(r"would approve|Both need a decision rule|never had a shadow"))


async def test_an_exploration_is_asked_for_approved_and_stopped(console: Tab) -> None:
    page = await console.open(f"/groups/{GROUP}/decisions")
    panel = page.get_by_role("region", name="Exploration", exact=True)
    fields = {"Scores from": "0.3", "to below": "0.5", "Share by lot": "5", "Loss budget": "10000", "Most lost on one": "500"}
    for label, value in fields.items():
        await panel.get_by_label(label).fill(value)
    await expect(panel).to_contain_text("At most 20 approvals by lot.")
    await panel.get_by_role("button", name="Ask for exploration").click()
    await expect(panel).to_contain_text("requested")
    await panel.get_by_role("button", name="Approve and begin").click()
    await expect(panel).to_contain_text("0 of 20 approvals used")
    await expect(panel).to_contain_text("the same person, as nobody else could")
    await console.open(f"/groups/{GROUP}/decisions")  # without the notifications, which fade in
    await console.assert_accessible()
    await console.picture("exploration")
    await panel.get_by_role("button", name="Stop now").click()
    await expect(panel).to_contain_text("Stopped by")


async def test_comparisons_go_by_the_final_decision_where_the_group_says_so(console: Tab) -> None:
    page = await console.open(f"/groups/{GROUP}/decisions")
    panel = page.get_by_role("region", name="What comparisons go by")
    await panel.get_by_label("Approval rate, bad rate and value by").click()
    await page.get_by_role("option", name="the final decision").click()
    await panel.get_by_role("button", name="Save").click()
    await expect(panel).to_contain_text("Nothing to save.")
    await console.open(f"/groups/{GROUP}?phase=1")
    await expect(page.get_by_text("Approval rate, bad rate and value follow the final decision.")).to_be_visible()
