"""The console in a real browser, on a running hub: what a person does, page by page."""

import re
from secrets import token_hex
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, expect

from demo.dataset import load
from tests.journeys.browser import Tab, tab
from tests.support.product import GROUP, Product

pytestmark = pytest.mark.asyncio(loop_scope="module")

GROUP_PAGE = f"/groups/{GROUP}"


async def test_a_link_into_the_hub_asks_to_sign_in_and_then_leads_there(browser: Browser, product: Product) -> None:
    async with tab(browser, product) as one:
        await one.open(f"{GROUP_PAGE}/split")
        await expect(one.page).to_have_url(re.compile("/sign-in"))
        await one.assert_accessible()
        await one.picture("sign-in")
        await one.sign_in("not the password")
        await expect(one.page.get_by_role("alert")).to_be_visible()
        await one.sign_in()
        await expect(one.page).to_have_url(re.compile(f"{GROUP_PAGE}/split$"))


async def test_the_hub_shows_the_models_and_what_they_serve(console: Tab) -> None:
    page = await console.open("/")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Credit Scoring", exact=True))
    await expect(row).to_contain_text("Serving")
    await expect(row).to_contain_text("v1.2")
    await expect(row.get_by_text("champion", exact=False).first).to_be_visible()
    await row.get_by_role("link", name="Credit Scoring", exact=True).click()
    await expect(page.get_by_role("heading", level=1, name="Credit Scoring")).to_be_visible()


async def test_a_models_page_has_its_figures_and_charts_on_it(console: Tab) -> None:
    page = await console.open("/models/credit_scoring")
    figures = page.get_by_label("Key figures")
    await expect(figures).to_contain_text(re.compile("ROC AUC", re.IGNORECASE))
    await expect(figures).to_contain_text("cross")
    await expect(page.get_by_role("heading", name="Confusion matrix")).to_be_visible()
    charts = page.locator("main figure")
    await expect(charts).to_have_count(6)
    for index in range(6):
        await charts.nth(index).scroll_into_view_if_needed()
        await expect(charts.nth(index).locator("canvas, svg, table").first).to_be_visible()


async def test_an_inference_is_inspected_with_what_each_feature_added(console: Tab) -> None:
    page = await console.open(f"{GROUP_PAGE}/inferences")
    await page.get_by_role("button", name=re.compile("open inference")).first.click()
    drawer = page.get_by_role("dialog")
    await expect(drawer.get_by_label("Explanation")).to_contain_text("Why this score")
    await expect(drawer.get_by_label("Explanation").get_by_role("table")).to_contain_text("pay_2")
    await expect(drawer.get_by_label("Inputs")).to_contain_text("limit_bal")
    await console.settled()
    await console.assert_accessible()
    await console.picture("inference")


async def test_an_inference_is_found_by_its_entity(console: Tab, product: Product) -> None:
    wanted = "applicant of a journey"
    async with product.client() as http:
        answer = await http.post(f"/v1/groups/{GROUP}/predict", json={"inputs": load()[1].inputs(0), "entity_key": wanted})
        assert answer.status_code == 200, answer.text
    page = await console.open(f"{GROUP_PAGE}/inferences?search={quote(wanted)}")
    cells = page.get_by_role("table", name="Inferences").get_by_role("cell").filter(has_text=wanted)
    await expect(cells.first).to_be_visible()


async def test_the_comparison_moves_while_predictions_land(console: Tab, product: Product) -> None:
    page = await console.open(GROUP_PAGE)
    card = page.get_by_role("article", name="v1.2, champion")
    predictions = card.locator("dd").first
    before = await predictions.inner_text()
    traffic = load()[1]
    async with product.client() as http:
        for index in range(60):
            answer = await http.post(f"/v1/groups/{GROUP}/predict", json={"inputs": traffic.inputs(index)})
            assert answer.status_code == 200
    await expect(predictions).not_to_have_text(before, timeout=10_000)
    await expect(page.get_by_role("table", name=re.compile("Metrics"))).to_contain_text("ROC AUC")


async def compared(product: Product) -> str:
    """A new group that has answered, with every outcome in: promoting in it harms no other test, and a second try finds another one."""
    slug: str = (await product.group(f"clicked_{token_hex(4)}"))["slug"]
    traffic = load()[1]
    async with product.client() as http:
        for index in range(60):
            answer = await http.post(f"/v1/groups/{slug}/predict", json={"inputs": traffic.inputs(index), "correlation_id": str(index)})
            assert answer.status_code == 200, answer.text
        told = [{"correlation_id": str(index), "actual": int(traffic.defaulted[index])} for index in range(60)]
        answer = await http.post("/v1/outcomes", json={"slug": slug, "outcomes": told})
        assert answer.status_code == 200, answer.text
    return slug


async def test_a_challenger_is_promoted_by_one_click_and_a_confirmation_and_then_answers_everything(console: Tab, product: Product) -> None:
    slug = await compared(product)
    page = await console.open(f"/groups/{slug}")
    await expect(page.get_by_role("article", name="v1.2, champion")).to_be_visible()
    await page.get_by_role("button", name="Promote v1.3").click()
    dialog = page.get_by_role("dialog", name="Promote v1.3 to champion?")
    await expect(dialog).to_contain_text("answers 100 % of the traffic as soon as you confirm")
    await console.assert_accessible()
    await console.picture("promote")
    await dialog.get_by_label("Reason").fill("Better on this month's outcomes")
    await dialog.get_by_role("button", name="Promote v1.3").click()
    done = page.get_by_role("dialog", name="v1.3 is champion")
    await expect(done).to_contain_text("Done. v1.3 is the champion")
    await console.picture("promoted")
    async with product.client() as http:
        answer = (await http.post(f"/v1/groups/{slug}/predict", json={"inputs": load()[1].inputs(1), "entity_key": "after"})).json()
    assert (answer["version"], answer["role"], answer["phase"]) == ("v1.3", "champion", 2)
    await done.get_by_role("link", name="See the history").click()
    await expect(page.get_by_text("by admin@tiltyard.local: Better on this month's outcomes", exact=True)).to_be_visible()
    await expect(page.get_by_text("opened by admin@tiltyard.local: Better on this month's outcomes")).to_be_visible()
