"""What the console shows when things are not as usual: halted groups, starved challengers, few outcomes, lost code, unknown addresses, a phone."""

import json
import re
from secrets import token_hex

import pytest
from playwright.async_api import Page, expect

from demo.dataset import load
from tests.journeys.browser import Tab
from tests.journeys.test_console import GROUP_PAGE, compared
from tests.support.product import GROUP, Product

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE_LOST = "This page could not be loaded"


@pytest.mark.parametrize("path", ["/groups/nobody_knows", "/models/nobody_knows", "/nothing/is/here"])
async def test_an_unknown_address_is_one_page_with_one_heading(console: Tab, path: str) -> None:
    page = console.page
    page.remove_listener("console", console._heard)  # a 404 of a procedure is the expected answer
    await console.open(path)
    await expect(page.get_by_role("heading", level=1, name="Nothing at this address")).to_be_visible()
    await expect(page.locator("main")).to_have_count(1)
    await console.assert_accessible()


async def test_a_page_whose_code_is_lost_says_so_and_comes_back_by_its_button(console: Tab) -> None:
    page = await console.open("/settings/people")
    page.remove_listener("console", console._heard)  # the browser reports what is blocked here
    blocked = re.compile(r"/assets/System-")
    await page.route(blocked, lambda route: route.abort())
    loads = []
    page.on("load", lambda _: loads.append(page.url))
    await page.get_by_role("link", name="System").click()
    await expect(page.get_by_role("heading", name=CODE_LOST)).to_be_visible()
    assert len(loads) == 1, "the page was to be loaded anew once, and no more"
    await page.unroute(blocked)
    await page.get_by_role("button", name="Reload").click()
    await expect(page.get_by_role("heading", level=1, name="System")).to_be_visible()


async def test_a_halted_group_is_red_wherever_it_is_shown_and_one_person_alone_is_told_so(console: Tab, product: Product) -> None:
    slug = (await product.group(f"stopped_{token_hex(4)}"))["slug"]
    name = slug.replace("_", " ").title()
    page = await console.open(f"/groups/{slug}/control")
    await expect(page.get_by_text("Solo mode: one person may resume it alone")).to_be_visible()
    await page.get_by_role("button", name=f"Halt {name}").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await product.call("groups.halt", slug=slug, reason="the feed is wrong")
    async with product.client() as http:
        for _ in range(3):
            refused = await http.post(f"/v1/groups/{slug}/predict", json={"inputs": load()[1].inputs(1)})
            assert refused.status_code == 503
    for path in ("/", "/groups"):
        await console.open(path)
        card = page.get_by_role("article", name=name)
        await expect(card.get_by_text("Halted, rejects all requests")).to_be_visible()
        await expect(card).to_have_attribute("data-halted", "true")
    await expect(page.get_by_role("link", name=re.compile(name)).get_by_label("halted")).to_be_visible()
    await console.picture("hub-halted")
    row = (await console.open("/")).get_by_role("row").filter(has=page.get_by_role("link", name="Credit Scoring", exact=True))
    await expect(row.get_by_text(re.compile(r"Halted in \d+ group"))).to_be_visible()
    await console.open(f"/groups/{slug}/traffic")
    page.remove_listener("response", console._answered)
    figures = page.get_by_label("Traffic").locator("div", has=page.locator("dt"))
    await expect(figures.filter(has_text="Rejected by a halt").locator(".num")).to_have_text("3")
    await expect(figures.filter(has_text="Invalid requests").locator(".num")).to_have_text("0")
    await console.open(f"/groups/{slug}/control")
    await page.get_by_role("button", name="Resume, as the only person").click()
    await expect(page.get_by_role("button", name=f"Halt {name}")).to_be_visible()


async def snippet_of(page: Page) -> dict[str, object]:
    said = await page.get_by_label("prediction request", exact=True).inner_text()
    found: dict[str, object] = json.loads(said.split("-d '", 1)[1].rsplit("'", 1)[0])
    return found


async def test_the_copied_request_reaches_every_version_and_one_that_does_not_is_told(console: Tab, product: Product) -> None:
    ids = {version["label"]: version["id"] for version in await product.ask("models.versions", slug="credit_scoring")}
    slug = f"copied_{token_hex(4)}"
    members = [{"version_id": ids["v1.2"], "role": "champion", "share": 5_000}, {"version_id": ids["v1.3"], "role": "challenger", "share": 5_000}]
    await product.call("groups.create", name=slug.title(), slug=slug, members=members)
    page = await console.open(f"/groups/{slug}/endpoint")
    body = await snippet_of(page)
    narrow = {
        feature["name"] for feature in (await product.ask("models.version", version_id=ids["v1.2"]))["document"]["features"] if feature["role"] == "input"
    }
    assert isinstance(body["inputs"], dict)
    assert len(body["inputs"]) > len(narrow)
    await console.assert_accessible()
    async with product.client() as http:

        async def versions(inputs: dict[str, object]) -> set[str]:
            return {(await http.post(f"/v1/groups/{slug}/predict", json={"inputs": inputs, "entity_key": str(n)})).json()["version"] for n in range(40)}

        assert await versions(body["inputs"]) == {"v1.2", "v1.3"}
        assert await versions({name: value for name, value in body["inputs"].items() if name in narrow}) == {"v1.2"}
    await console.open(f"/groups/{slug}/traffic")
    told = page.get_by_role("status").filter(has_text=re.compile(r"\d+ requests could not reach v1\.3\."))
    await expect(told).to_be_visible(timeout=20_000)
    await expect(told).to_contain_text("Missing inputs:")
    await console.open(f"/groups/{slug}")
    await expect(told).to_be_visible()
    await console.picture("starved")


async def test_few_outcomes_hold_figures_back_a_past_phase_gives_no_advice_and_a_rollback_undone_is_named(console: Tab, product: Product) -> None:
    slug = await compared(product)
    page = await console.open(f"/groups/{slug}")
    metrics = page.get_by_role("table", name=re.compile("Metrics"))
    await expect(metrics.get_by_role("row").filter(has_text="ROC AUC").get_by_text("shown from n = 100 on (n =").first).to_be_visible()
    seen = await product.ask("groups.comparison", slug=slug)
    challenger = next(one for one in seen["contenders"] if one["role"] == "challenger")
    await product.call("groups.promote", slug=slug, version_id=challenger["version_id"], evidence_id=seen["evidence_id"], reason="a try")
    await product.call("groups.rollback", slug=slug, phase=2, reason="worse")
    assert (await product.ask("groups.comparison", slug=slug, phase=1))["conclusion"]["advice"] == ""
    await console.open(f"/groups/{slug}?phase=1")
    await expect(page.get_by_text("A past phase, closed.")).to_be_visible()
    await expect(page.get_by_label("Verdict").get_by_text("Nothing to do but wait")).to_have_count(0)
    await console.open(f"/groups/{slug}/control")
    await expect(page.get_by_text(re.compile(r"This group was rolled back from v1\.3 on .* A new rollback to it undoes that\."))).to_be_visible()
    await page.get_by_role("button", name="Roll back to v1.3").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("undoes that")
    await dialog.get_by_role("button", name="Cancel").click()


async def test_a_figure_never_shows_a_number_between_two_true_ones(console: Tab, product: Product) -> None:
    page = await console.open(GROUP_PAGE)
    figure = page.get_by_role("article", name="v1.2, champion").locator("dd .num").first
    await page.evaluate(
        "node => { window.seen = []; const watch = new MutationObserver(() => window.seen.push(node.textContent));"
        " watch.observe(node, {characterData: true, childList: true, subtree: true}); }",
        await figure.element_handle(),
    )
    before = await figure.inner_text()
    traffic = load()[1]
    async with product.client() as http:
        assert (await http.post(f"/v1/groups/{GROUP}/predict", json={"inputs": [traffic.inputs(n) for n in range(1_000)]})).status_code == 200
    await expect(figure).not_to_have_text(before, timeout=20_000)
    await console.page.wait_for_timeout(1_500)
    seen = await page.evaluate("window.seen")
    assert len(seen) <= 6, f"{len(seen)} figures were shown on the way: {seen[:20]}"


async def test_a_ramp_that_cannot_start_says_why(console: Tab, product: Product) -> None:
    ids = {version["label"]: version["id"] for version in await product.ask("models.versions", slug="credit_scoring")}
    slug = f"lonely_{token_hex(4)}"
    await product.call("groups.create", name=slug.title(), slug=slug, members=[{"version_id": ids["v1.2"], "role": "champion", "share": 10_000}])
    page = await console.open(f"/groups/{slug}/control")
    await expect(page.get_by_role("button", name="Start the ramp")).to_be_disabled()
    await expect(page.get_by_text("Choose a challenger above to start a ramp.")).to_be_visible()
