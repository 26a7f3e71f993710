"""The HTTP application as browsers and scripts meet it: sessions, uploads, the console's files."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from backend.settings import Settings
from tests.support.credit import document, lightgbm_text
from tests.support.tenants import Tenant
from tests.support.web import client_of, result


@pytest.fixture
async def browser(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is not signed in."""
    async with client_of(settings) as client:
        yield client


@pytest.fixture
async def script(settings: Settings, tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """A script with the administrator's token."""
    async with client_of(settings, tenant.token) as client:
        yield client


async def sign_in(browser: httpx.AsyncClient, tenant: Tenant) -> httpx.Response:
    said = {"email": tenant.email, "password": tenant.password}
    return await browser.post("/rpc/access.signIn", json=said, headers={"x-tiltyard": "1"})


async def draft_version(script: httpx.AsyncClient) -> str:
    await script.post("/rpc/models.create", json={"name": "Credit Scoring", "slug": "credit"})
    version = await script.post("/rpc/models.createVersion", json={"model": "credit", "version": "1.2", "document": document()})
    return str(result(version)["id"])


async def test_signing_in_sets_a_cookie_that_scripts_cannot_read_and_signing_out_ends_it(browser: httpx.AsyncClient, tenant: Tenant) -> None:
    cookie = (await sign_in(browser, tenant)).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert result(await browser.get("/rpc/access.me"))["email"] == tenant.email
    secret = httpx.Cookies(browser.cookies)
    await browser.post("/rpc/access.signOut", headers={"x-tiltyard": "1", "content-type": "application/json"})
    assert (await browser.get("/rpc/access.me")).status_code == 401
    browser.cookies = secret
    assert (await browser.get("/rpc/access.me")).status_code == 401


async def test_another_sites_page_cannot_act_with_the_session(browser: httpx.AsyncClient, tenant: Tenant) -> None:
    await sign_in(browser, tenant)
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "http://evil.test"}, {}, {"authorization": ""}, {"authorization": "Basic eDp5"}):
        refused = await browser.post("/rpc/models.create", json={"name": "Theirs", "slug": "theirs"}, headers=headers)
        assert refused.status_code == 403, headers
        upload = await browser.post("/v1/versions/01a1fde7-cdfc-7f06-a629-4c3e83e0ac04/artifact", content=b"x", headers=headers)
        assert upload.status_code == 403, headers
    ours = await browser.post("/rpc/models.create", json={"name": "Ours", "slug": "ours"}, headers={"origin": "http://hub.test"})
    assert ours.status_code == 200


async def test_a_token_that_is_no_good_is_told_so_even_where_anybody_may_call(browser: httpx.AsyncClient) -> None:
    refused = await browser.get("/rpc/access.me", headers={"authorization": "Bearer tyd_nobody"})
    assert refused.status_code == 401
    assert "revoked" in refused.json()["error"]["message"]


async def test_an_artifact_uploaded_over_http_makes_its_version_ready(script: httpx.AsyncClient) -> None:
    answer = await script.post(f"/v1/versions/{await draft_version(script)}/artifact", content=lightgbm_text())
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["artifact"]["kind"]) == ("ready", "lightgbm")


async def test_a_pickle_is_refused_with_what_to_do_instead(script: httpx.AsyncClient, settings: Settings) -> None:
    version = await draft_version(script)
    answer = await script.post(f"/v1/versions/{version}/artifact", content=b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05model\x94.")
    assert answer.status_code == 422
    assert "save_model" in answer.json()["error"]["message"]
    assert list((settings.data_dir / "quarantine").iterdir()) == []


async def test_an_upload_needs_a_sign_in_a_permission_and_a_version_of_ones_own(
    script: httpx.AsyncClient, browser: httpx.AsyncClient, other_tenant: Tenant
) -> None:
    address = f"/v1/versions/{await draft_version(script)}/artifact"
    assert (await browser.post(address, content=b"x")).status_code == 401
    theirs = await browser.post(address, content=b"x", headers={"authorization": f"Bearer {other_tenant.token}"})
    assert theirs.status_code == 404
    predicting = await script.post("/rpc/access.tokens.create", json={"name": "scoring", "scopes": ["inference:group:predict"]})
    narrow = await browser.post(address, content=b"x", headers={"authorization": f"Bearer {result(predicting)['secret']}"})
    assert narrow.status_code == 403


async def test_health_says_what_answers(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/health/live")).json() == {"live": True}
    assert (await browser.get("/health/ready")).json() == {"database": True, "redis": True}


async def test_nothing_outside_the_consoles_folder_is_served(browser: httpx.AsyncClient) -> None:
    for path in ("/../pyproject.toml", "/%2e%2e/pyproject.toml", "/assets/..%2f..%2f..%2fpyproject.toml", "//etc/passwd"):
        assert "[project]" not in (await browser.get(path)).text
        assert "root:" not in (await browser.get(path)).text


async def test_what_is_under_rpc_answers_in_the_envelope(browser: httpx.AsyncClient) -> None:
    unknown = await browser.get("/rpc/no.such")
    assert (unknown.status_code, unknown.json()["error"]["data"]["code"]) == (404, "NOT_FOUND")


async def test_what_is_large_is_compressed_for_those_who_take_it(script: httpx.AsyncClient) -> None:
    await draft_version(script)
    plain = await script.get("/rpc/audit.list", headers={"accept-encoding": "identity"})
    packed = await script.get("/rpc/audit.list", headers={"accept-encoding": "gzip"})
    assert len(plain.content) > 1_400
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content)
    assert packed.json() == plain.json()
    assert "accept-encoding" in packed.headers["vary"]
    small = await script.get("/rpc/access.me", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in small.headers


async def test_a_page_of_an_allowed_site_may_call_and_no_other(settings: Settings, tenant: Tenant) -> None:
    allowing = msgspec.structs.replace(settings, allowed_origins="https://app.example, https://second.example")
    headers = {"sec-fetch-site": "cross-site", "content-type": "application/json"}
    async with client_of(allowing) as browser:
        await sign_in(browser, tenant)
        ours = await browser.post("/rpc/access.signOut", headers={**headers, "origin": "https://second.example"})
        theirs = await browser.post("/rpc/access.signOut", headers={**headers, "origin": "https://evil.example"})
    assert (ours.status_code, ours.headers["access-control-allow-origin"]) == (200, "https://second.example")
    assert theirs.status_code == 403


async def test_who_calls_too_often_is_told_how_long_to_wait_and_nobody_else_is_stopped(settings: Settings, tenant: Tenant, other_tenant: Tenant) -> None:
    strict = msgspec.structs.replace(settings, rpc_rate_per_second=0.1, rpc_rate_burst=3)
    async with client_of(strict) as client:
        mine, theirs = ({"authorization": f"Bearer {token}"} for token in (tenant.token, other_tenant.token))
        codes = [(await client.get("/rpc/access.me", headers=mine)).status_code for _ in range(4)]
        refused = await client.get("/rpc/access.me", headers=mine)
        other = await client.get("/rpc/access.me", headers=theirs)
    assert codes == [200, 200, 200, 429]
    assert refused.json()["error"]["data"]["retryAfter"] >= 1
    assert other.status_code == 200
