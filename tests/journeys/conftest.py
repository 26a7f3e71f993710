from collections.abc import Iterator

import pytest

from tests.support.product import Product, running

DEMO_REQUESTS = 3_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys may take their time. The one that promotes the demo's own challenger comes last: the others expect the group as the demo leaves it."""
    items.sort(key=lambda item: "promoted_by_one_click" in item.name)
    for item in items:
        if "/journeys/" in str(item.path):
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.timeout(400), append=True)


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """A hub with the demo's models, group and first 3 000 predictions in it."""
    with running("journeys") as hub:
        hub.demo(DEMO_REQUESTS)
        yield hub
