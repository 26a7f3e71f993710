"""Control characters in a key, and in a name that reaches the log: refused in the documented form, and never a line of their own."""

import logging

import httpx
import pytest

from backend.logs import OneLine
from backend.settings import Settings
from tests.support.tenants import Tenant
from tests.support.web import client_of


@pytest.mark.parametrize("key", ["a\0b", "a\x01", "\x7f", "a\x85b"])
async def test_a_key_with_control_characters_is_refused_in_the_documented_form(settings: Settings, tenant: Tenant, key: str) -> None:
    async with client_of(settings, tenant.token) as client:
        headers = httpx.Headers([(b"idempotency-key", key.encode("latin-1"))])
        answer = await client.post("/v1/groups/live/predict", json={"inputs": {}}, headers=headers)
        body = await client.post("/v1/groups/live/predict", json={"inputs": {}, "idempotency_key": key})
    for one in (answer, body):
        assert one.status_code in (400, 404), one.text
        assert {"code", "reason", "message", "requestId"} <= set(one.json()["error"])
    assert answer.status_code == 400


def test_a_name_makes_no_line_of_its_own() -> None:
    record = logging.LogRecord("hub", logging.INFO, "", 0, "group %s", ("a\r\n2026-01-01 INFO hub all is well\x1b[2J\u2028",), None)
    assert len(OneLine("%(levelname)s %(message)s").format(record).splitlines()) == 1
