from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, StorageState

from tests.journeys.browser import Tab, chromium, sign_in_once, tab
from tests.support.product import Product, running

DEMO_REQUESTS = 3_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys may take their time, and wait for processes and a browser."""
    for item in items:
        if "/journeys/" in str(item.path):
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.busy)
            item.add_marker(pytest.mark.timeout(400), append=True)


@pytest.fixture(scope="session")
def product(worker_id: str) -> Iterator[Product]:
    """A hub with the demo's models, group and first 3 000 predictions in it; each process of the test run has one."""
    with running(f"journeys-{worker_id}") as hub:
        hub.demo(DEMO_REQUESTS)
        yield hub


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A real browser."""
    async with chromium() as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def session(browser: Browser, product: Product) -> StorageState:
    """Somebody signed in, once for a module's tests."""
    return await sign_in_once(browser, product)


@pytest_asyncio.fixture(loop_scope="module")
async def console(browser: Browser, product: Product, session: StorageState) -> AsyncIterator[Tab]:
    """A tab of the console, signed in."""
    async with tab(browser, product, storage_state=session) as one:
        yield one
