"""What load balancers, monitors and scrapers ask."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from backend.settings import Settings
from rpc import app as application
from tests.support.web import client_of

pytestmark = [pytest.mark.busy, pytest.mark.asyncio(loop_scope="module")]
PAGE = "<!doctype html><title>Tiltyard</title>"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def probe(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A client without credentials, of a hub with a console."""
    folder: Path = tmp_path_factory.mktemp("console")
    (folder / "assets").mkdir()
    (folder / "index.html").write_text(PAGE)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "index-1.js").write_text("export {}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "CONSOLE", folder)
        async with client_of(settings) as client:
            yield client


@pytest.mark.parametrize("path", ["/v2/health/ready", "/v2/health/live", "/v2", "/health/live", "/health/ready", "/", "/favicon.svg", "/assets/index-1.js"])
async def test_head_is_answered_as_get_without_a_body(probe: httpx.AsyncClient, path: str) -> None:
    got, asked = await probe.get(path), await probe.head(path)
    assert (asked.status_code, asked.content) == (got.status_code, b"") == (200, b"")
    assert {k: v for k, v in asked.headers.items() if k != "x-request-id"} == {k: v for k, v in got.headers.items() if k != "x-request-id"}


@pytest.mark.parametrize("accept", ["*/*", "text/html,*/*"])
@pytest.mark.parametrize("path", ["/healthz", "/health", "/livez", "/readyz", "/metrics/nothing", "/v1/nothing", "/assets/gone-1.js", "/gone.png"])
async def test_an_address_of_a_probe_never_answers_with_the_console(probe: httpx.AsyncClient, path: str, accept: str) -> None:
    answer = await probe.get(path, headers={"accept": accept})
    assert answer.status_code == 404
    check_form(answer)
    assert PAGE not in (await probe.get("/metrics", headers={"accept": accept})).text


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/groups/SLUG/predict/"), ("GET", "/v1/nothing"), ("POST", "/v1/nothing"), ("PUT", "/nowhere"), ("DELETE", "/v1"), ("GET", "/nowhere")],
)
async def test_an_address_that_nobody_has_is_told_in_the_documented_form(probe: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await probe.request(method, path)
    assert answer.status_code == 404
    check_form(answer)
    assert f"{method} {path}" in answer.json()["error"]["message"]
    assert "/v1/groups/<slug>/predict" in answer.json()["error"]["message"]


async def test_a_method_that_an_address_does_not_take_is_told_with_the_one_it_takes(probe: httpx.AsyncClient) -> None:
    answer = await probe.get("/v1/outcomes")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    check_form(answer)
    upload = await probe.put("/v1/versions/01a1fde7-cdfc-7f06-a629-4c3e83e0ac04/artifact")
    assert upload.status_code in (404, 405)
    check_form(upload)


async def test_a_browser_gets_the_page_at_any_address_of_the_console(probe: httpx.AsyncClient) -> None:
    for path in ("/", "/groups/live/split", "/sign-in"):
        assert PAGE in (await probe.get(path, headers={"accept": "text/html,application/xhtml+xml"})).text


def check_form(answer: httpx.Response) -> None:
    assert answer.headers["content-type"].startswith("application/json")
    error = answer.json()["error"]
    assert {"code", "reason", "message", "requestId"} <= set(error)
    assert answer.headers["x-request-id"] == error["requestId"]
