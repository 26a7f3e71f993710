"""A real browser on the console: every page is watched for errors, and can be checked with axe and pictured."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page, Response, StorageState, async_playwright, expect

from tests.support.node import install
from tests.support.product import ROOT, Product

PICTURES = ROOT / "artifacts-ci"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
SIGNED_OUT = re.compile(r"/rpc/access\.(me|signIn)\b")
"""Chromium reports a 401 as a console error; for these two it is the expected answer of someone not signed in."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium, headless."""
    program = shutil.which("chromium")
    assert program, "Chromium is missing; `make browser` installs it"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        await browser.close()


class Tab:
    """A page of the console. Leaving it asserts that nothing went wrong in it."""

    def __init__(self, page: Page, product: Product) -> None:
        self.page, self._product = page, product
        self.troubles: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.troubles.append(f"exception: {error}"))
        page.on("response", self._answered)

    async def open(self, path: str) -> Page:
        """Go to an address of the console and wait until its figures are in."""
        await self.page.goto(self._product.ready["url"] + path)
        await self.settled()
        return self.page

    async def settled(self) -> None:
        """No skeleton is left, and the fonts are there."""
        await self.page.wait_for_load_state("load")
        await self.page.locator("main").first.wait_for()
        await expect(self.page.locator(".mantine-Skeleton-root")).to_have_count(0)
        await self.page.evaluate("document.fonts.ready.then(() => true)")

    async def sign_in(self, password: str | None = None) -> None:
        """By the form, as a person does."""
        await self.page.get_by_label("E-mail").fill(self._product.ready["email"])
        await self.page.get_by_label("Password", exact=True).fill(password or self._product.ready["password"])
        await self.page.get_by_role("button", name="Sign in").click()

    async def picture(self, name: str) -> None:
        """Keep a screenshot of the whole page in artifacts-ci/."""
        PICTURES.mkdir(exist_ok=True)
        await self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True, animations="disabled")

    async def assert_accessible(self) -> None:
        """axe finds nothing moderate, serious or critical."""
        await self.page.evaluate((install() / "node_modules" / "axe-core" / "axe.min.js").read_text())
        found: Any = await self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious = [
            f"{violation['id']} ({violation['impact']}): {violation['help']}: {[node['html'][:160] for node in violation['nodes'][:4]]}"
            for violation in found["violations"]
            if violation["impact"] in {"moderate", "serious", "critical"}
        ]
        assert not serious, "\n".join(serious)

    def _heard(self, message: ConsoleMessage) -> None:
        url = message.location["url"]
        if message.type == "error" and not ("401" in message.text and SIGNED_OUT.search(url)):
            self.troubles.append(f"console: {message.text} ({url})")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.troubles.append(f"{response.status} {response.url}")


async def sign_in_once(browser: Browser, product: Product) -> StorageState:
    """Sign in by the form; gives the session, for many tabs."""
    async with tab(browser, product) as one:
        await one.open("/sign-in")
        await one.sign_in()
        await one.page.get_by_role("heading", level=1, name="Hub").wait_for()
        return await one.page.context.storage_state()


@asynccontextmanager
async def tab(browser: Browser, product: Product, **options: Any) -> AsyncIterator[Tab]:
    """A fresh session of the browser, 1280 x 800 unless told otherwise; `storage_state` is that of somebody who signed in."""
    context = await browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
    context.set_default_timeout(15_000)
    one = Tab(await context.new_page(), product)
    try:
        yield one
    finally:
        await context.close()
    assert not one.troubles, "\n".join(one.troubles)
