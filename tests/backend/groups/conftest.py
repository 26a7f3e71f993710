"""Another process beside the test's own."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from backend.bootstrap import open_hub
from backend.hub import Hub
from backend.serving.predict import Predictor
from backend.settings import Settings
from tests.support.line import Wire


@pytest.fixture
async def far(settings: Settings, wire: Wire) -> AsyncIterator[tuple[Hub, Predictor]]:
    """Another process, whose way to PostgreSQL can be cut."""
    async with open_hub(msgspec.structs.replace(settings, app_database_url=wire.address)) as hub:
        yield hub, await hub.serving.start(hub, lambda: None)
        wire.mend()
