"""Each page that the console's router knows: one heading, no wider than the window, and usable by everyone, in both colour schemes and on a phone."""

from typing import Any

import pytest
from playwright.async_api import Browser, StorageState, expect

from tests.journeys.browser import Tab, tab
from tests.journeys.pages import every_page
from tests.support.product import Product

pytestmark = pytest.mark.asyncio(loop_scope="module")

DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


async def troubles(one: Tab, name: str, path: str) -> list[str]:
    """What is wrong with a page, in words."""
    page = await one.open(path)
    await expect(page.locator("h1")).to_have_count(1)
    await expect(page.locator("main")).to_have_count(1)
    await one.picture(name)
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    found = [f"{path} is {wide} px wider than the window"] if wide > 0 else []
    try:
        await one.assert_accessible()
    except AssertionError as error:
        found.append(f"{path}: {error}")
    return found


@pytest.mark.parametrize(
    ("window", "scheme"), [(DESK, "light"), (DESK, "dark"), (PHONE, "light"), (PHONE, "dark")], ids=["desk", "desk-dark", "phone", "phone-dark"]
)
async def test_every_page_is_usable_by_everyone(browser: Browser, product: Product, session: StorageState, window: dict[str, Any], scheme: str) -> None:
    found: list[str] = []
    async with tab(browser, product, storage_state=session, color_scheme=scheme, **window) as one:
        pages = await every_page(one, product)
        assert len(pages) > 25
        end = ("" if window is DESK else "-phone") + ("" if scheme == "light" else "-dark")
        for name, path in pages.items():
            found += await troubles(one, f"{name}{end}", path)
    assert not found, "\n".join(found)
