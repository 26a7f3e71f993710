from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from backend.hub import Hub
from backend.settings import Settings
from rpc.app import Application
from schemas.groups import Group
from tests.support.served import Served, make_served
from tests.support.serving import serving


@pytest.fixture(scope="package")
def served(settings: Settings) -> Served:
    return make_served(settings)


@dataclass(frozen=True)
class Endpoint:
    """A group behind the product's own server."""

    group: Group
    port: int
    token: str
    inputs: dict[str, float]

    @property
    def slug(self) -> str:
        return self.group.slug

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
async def endpoint(settings: Settings, hub: Hub, served: Served) -> AsyncIterator[Endpoint]:
    group = await served.group(hub)
    async with serving(Application(settings)) as port:
        yield Endpoint(group, port, served.tenant.token, served.serving.inputs)
