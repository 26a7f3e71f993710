"""The official client in a page of a real Chromium, driven by the same snippets as the one in Node."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from tests.support.node import install, value_of

_BUNDLE = ["--bundle", "--format=iife", "--log-level=warning", '--define:process.env.NODE_ENV="production"']
_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


def bundle() -> str:
    """The page's script."""
    folder = install()
    done = subprocess.run([folder / "node_modules/.bin/esbuild", folder / "page.mjs", *_BUNDLE], capture_output=True, text=True, check=True)
    return done.stdout


class PageDriver:
    """A page on a server's own origin; no server has to serve it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    async def start(cls, browser: Browser, origin: str) -> "PageDriver":
        """Open it."""
        script = await asyncio.to_thread(bundle)
        page = await browser.new_page()
        await page.goto(f"{origin}/rpc/ping")  # any document of the server's own will do
        await page.add_script_tag(content=script)
        return cls(page)

    async def run(self, code: str, *, within: float = 20) -> Any:
        """What the snippet returns. Raises SnippetError when it throws, TimeoutError after `within` seconds."""
        return value_of(await asyncio.wait_for(self.page.evaluate("(code) => runSnippet(code)", code), within))

    async def stop(self) -> None:
        """Close it."""
        await self.page.close()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium, headless."""
    program = shutil.which("chromium")
    assert program, "Chromium is missing; `make browser` installs it"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=_FLAGS)
        yield browser
        await browser.close()
