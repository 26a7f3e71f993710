"""A hub under a path of its host, behind a real nginx: the console in a real browser, procedures, streams, sockets, and both ways of asking for predictions."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from playwright.async_api import Request, expect
from websockets.asyncio.client import connect

from backend.adapters.processes import free_port
from tests.journeys.browser import chromium, tab
from tests.support.infrastructure.nginx import nginx
from tests.support.product import GROUP, Product, running

WAYS = ("taken off", "left on")


class Behind:
    """The hub, and nginx's two addresses of it."""

    def __init__(self, hub: Product, addresses: dict[str, str]) -> None:
        self.hub, self.addresses = hub, addresses

    def client(self, way: str, token: str | None = "") -> httpx.AsyncClient:
        """A client of one of the addresses."""
        headers = {"Authorization": f"Bearer {self.hub.ready['token']}"} if token == "" else {}
        return httpx.AsyncClient(base_url=self.addresses[way], headers=headers, timeout=30, trust_env=False)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """A hub with the demo's group, all of it by nginx."""
    folder: Path = tmp_path_factory.mktemp("nginx")
    port, taken_off, left_on = free_port(), free_port(), free_port()
    addresses = {"taken off": f"http://127.0.0.1:{taken_off}/tiltyard", "left on": f"http://127.0.0.1:{left_on}/tiltyard"}
    public = {"TILTYARD_PUBLIC_URL": addresses["taken off"], "TILTYARD_TRUSTED_PROXIES": "127.0.0.1"}
    with nginx(folder, port, taken_off, left_on), running("sub-path", port=port, settings=public) as hub:
        assert hub.ready["url"] == addresses["taken off"]
        hub.demo(200)
        yield Behind(hub, addresses)


async def test_the_console_works_in_a_browser_and_asks_for_nothing_outside(behind: Behind) -> None:
    public = behind.addresses["taken off"]
    asked: list[Request] = []
    async with chromium() as browser, tab(browser, behind.hub) as one:
        one.page.on("request", lambda request: asked.append(request))
        await one.page.goto(f"{public}/groups/{GROUP}")
        await expect(one.page).to_have_url(f"{public}/sign-in?next=%2Fgroups%2F{GROUP}")
        await one.sign_in()
        await expect(one.page).to_have_url(f"{public}/groups/{GROUP}")
        await one.settled()
        await one.page.reload()
        await one.settled()
        await one.page.get_by_role("tab", name="Endpoint").or_(one.page.get_by_role("link", name="Endpoint")).first.click()
        await one.settled()
        await expect(one.page.locator("main")).to_contain_text(f"curl -sS {public}/v1/groups/{GROUP}/predict")
        await expect(one.page.locator("main")).to_contain_text(f"curl -sS {public}/v1/outcomes")
        await one.page.get_by_role("link", name="Audit log", exact=True).first.click()
        await one.settled()
        await expect(one.page).to_have_url(f"{public}/settings/audit")
        cookies = await one.page.context.cookies()
        assert {cookie.get("path") for cookie in cookies} == {"/tiltyard"}
        streams = [request for request in asked if request.resource_type == "eventsource"]
        first = await streams[0].response() if streams else None
        assert first is not None, "no page listened"
        assert first.status == 200
    assert [request.url for request in asked if not request.url.startswith((f"{public}/", "data:"))] == []


@pytest.mark.parametrize("way", WAYS)
async def test_every_address_answers_there_as_it_does_without_a_path(way: str, behind: Behind) -> None:
    async with behind.client(way) as http:
        assert (await http.get("/health/live")).json() == {"live": True}
        assert (await http.get("/health/ready")).json() == {"database": True, "redis": True}
        assert (await http.get("/v2/health/ready")).status_code == 200
        assert (await http.head("/health/ready")).status_code == 200
        group = (await http.get("/rpc/groups.get", params={"input": msgspec.json.encode({"slug": GROUP}).decode()})).json()["result"]["data"]
        assert group["endpoint"] == f"{behind.addresses['taken off']}/v1/groups/{GROUP}/predict"
        row = (await http.get("/rpc/inference.browse", params={"input": msgspec.json.encode({"slug": GROUP, "limit": 1}).decode()})).json()["result"]["data"][
            "items"
        ][0]
        whole = (
            await http.get("/rpc/inference.get", params={"input": msgspec.json.encode({"slug": GROUP, "inference_id": row["inference_id"]}).decode()})
        ).json()
        inputs = whole["result"]["data"]["inputs"]
        answer = await http.post(f"/v1/groups/{GROUP}/predict", json={"inputs": inputs})
        assert answer.status_code == 200, answer.text
        told = await http.post("/v1/outcomes", json={"slug": GROUP, "outcomes": [{"inference_id": answer.json()["inference_id"], "actual": 1}]})
        assert told.status_code == 200, told.text
        assert (await http.post(f"/v2/models/{GROUP}/infer", json={})).status_code == 400
        gone = await http.get("/v1/nothing")
        assert (gone.status_code, gone.json()["error"]["reason"]) == (404, "NOTHING_HERE")
        upload = await http.post(f"/v1/versions/{row['inference_id']}/artifact", content=b"x")
        assert (upload.status_code, upload.json()["error"]["reason"]) == (404, "VERSION_NOT_FOUND")
        page = await http.get("/groups/any/where", headers={"accept": "text/html"})
        assert 'src="/tiltyard/assets/' in page.text
        assert 'content="/tiltyard/"' in page.text
        assert '"./' not in page.text


@pytest.mark.parametrize("way", WAYS)
async def test_streams_and_sockets_are_open_there(way: str, behind: Behind) -> None:
    async with behind.client(way) as http, http.stream("GET", "/rpc/alerts.onAlert", headers={"accept": "text/event-stream"}) as stream:
        assert stream.status_code == 200
        first = await anext(stream.aiter_lines())
        assert first.startswith(("event:", "data:", "id:", "retry:", ":"))
    address = behind.addresses[way].replace("http:", "ws:")
    async with connect(f"{address}/rpc?connectionParams=1") as socket:
        token = behind.hub.ready["token"]
        await socket.send(msgspec.json.encode({"method": "connectionParams", "data": {"token": token}}).decode())
        await socket.send('{"id": 1, "method": "query", "params": {"path": "access.me"}}')
        while "result" not in (said := msgspec.json.decode(await socket.recv())):
            pass
        assert "admin" in said["result"]["data"]["roles"]


def test_the_cookie_and_the_links_follow_the_public_address_alone(behind: Behind) -> None:
    assert urlsplit(behind.hub.ready["url"]).path == "/tiltyard"
