"""What moves in the console by itself: told by the hub, not asked for."""

import asyncio
import re

import pytest
from playwright.async_api import Browser, Page, StorageState, expect

from demo.dataset import load
from tests.journeys.browser import Tab, tab
from tests.support.product import GROUP, Product

pytestmark = pytest.mark.asyncio(loop_scope="module")

GROUP_PAGE = f"/groups/{GROUP}"


def asked(page: Page, *procedures: str) -> list[str]:
    """The calls of these procedures that the page makes from now on."""
    wanted = re.compile("|".join(re.escape(one) for one in procedures))
    heard: list[str] = []
    page.on("request", lambda request: heard.extend(wanted.findall(request.url)))
    return heard


async def predict(product: Product, count: int) -> None:
    traffic = load()[1]
    async with product.client() as http:
        for index in range(count):
            answer = await http.post(f"/v1/groups/{GROUP}/predict", json={"inputs": traffic.inputs(index)})
            assert answer.status_code == 200


async def test_the_comparison_is_told_what_changed_and_asks_for_nothing(console: Tab, product: Product) -> None:
    calls = asked(console.page, "groups.comparison", "groups.onComparison")
    page = await console.open(GROUP_PAGE)
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    predictions = page.get_by_role("article", name="v1.2, champion").locator("dd").first
    await asyncio.sleep(3)
    assert calls.count("groups.onComparison") == 1
    asked_before, before = calls.count("groups.comparison"), await predictions.inner_text()
    await predict(product, 60)
    await expect(predictions).not_to_have_text(before, timeout=10_000)
    await asyncio.sleep(12)
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    assert (calls.count("groups.comparison"), calls.count("groups.onComparison")) == (asked_before, 1)


async def test_where_streams_do_not_get_through_the_comparison_moves_all_the_same(browser: Browser, product: Product, session: StorageState) -> None:
    async with tab(browser, product, storage_state=session) as one:
        await one.page.route("**/rpc/groups.onComparison*", lambda route: route.fulfill(status=200, content_type="text/html", body="a proxy's page"))
        page = await one.open(GROUP_PAGE)
        predictions = page.get_by_role("article", name="v1.2, champion").locator("dd").first
        before = await predictions.inner_text()
        await predict(product, 60)
        await expect(predictions).not_to_have_text(before, timeout=15_000)
        one.troubles.clear()  # Chromium reports the stream that was kept away


async def test_a_version_that_does_not_load_rings_the_bell_with_what_to_do_until_it_loads_again(console: Tab, product: Product) -> None:
    versions = await product.ask("models.versions", slug="credit_scoring")
    sha256 = next(version["artifact"]["sha256"] for version in versions if version["label"] == "v1.3")
    artifact = product.folder / "data" / "artifacts" / sha256[:2] / sha256
    page = await console.open("/")
    await expect(page.get_by_role("button", name="Alerts: none open")).to_be_visible()
    content = artifact.read_bytes()
    artifact.unlink()
    try:
        bell = page.get_by_role("button", name=re.compile(r"Alerts: \d+ open"))
        await expect(bell).to_be_visible(timeout=30_000)
        await bell.click()
        alert = page.get_by_role("article").filter(has_text="v1.3 has a place in the group").first
        await expect(alert).to_contain_text("critical")
        await expect(alert).to_contain_text("give its place to another version")
        await console.assert_accessible()
        await console.picture("alerts")
    finally:
        artifact.write_bytes(content)
    await expect(page.get_by_text("No alerts")).to_be_visible(timeout=60_000)


async def test_runs_appear_move_on_and_are_cancelled_without_being_asked_for(console: Tab, product: Product) -> None:
    await product.group("to_be_deleted")
    calls = asked(console.page, "runs.list", "runs.onProgress")
    page = await console.open("/settings/system")
    await asyncio.sleep(2)
    before = calls.count("runs.list")
    await product.call("groups.delete", slug="to_be_deleted", policy="archive", confirm="to_be_deleted")
    row = page.get_by_role("row").filter(has_text="group:to_be_deleted")
    await expect(row).to_contain_text("succeeded", timeout=30_000)
    assert (calls.count("runs.list"), calls.count("runs.onProgress")) == (before, 1)
    await product.group("not_to_be_deleted")
    await product.call("groups.delete", slug="not_to_be_deleted", policy="delete", confirm="not_to_be_deleted")
    waiting = page.get_by_role("row").filter(has_text="group:not_to_be_deleted")
    await waiting.get_by_role("button", name="Cancel").click(timeout=30_000)
    await expect(waiting).to_contain_text("cancelled", timeout=30_000)
    await expect(waiting).to_contain_text("Cancelled by")
    await expect(waiting.get_by_role("button")).to_have_count(0)
