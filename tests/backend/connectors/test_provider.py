"""Talking to a provider: what is sent, what comes back, and what every fault becomes."""

import json
import os
import time
from typing import Any

import pytest

from backend.adapters.guarded_transport import AddressGuard
from backend.adapters.openai_compatible import OpenAiCompatible
from backend.connectors import errors
from backend.ports.secrets import Access, Secret
from tests.backend.connectors.conftest import KEY
from tests.support.openai_server import Fault, OpenAiServer

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["kind", "count"],
    "properties": {"kind": {"type": "string", "enum": ["scalar", "rows"]}, "count": {"type": ["integer", "null"]}},
}
OUTCOMES = {
    Fault.BAD_KEY: errors.ProviderKeyRefused,
    Fault.FORBIDDEN: errors.ProviderKeyRefused,
    Fault.NOT_FOUND: errors.ProviderRequestRefused,
    Fault.RATE_LIMIT: errors.ProviderBusy,
    Fault.BROKEN: errors.ProviderDown,
    Fault.OVERLOADED: errors.ProviderDown,
    Fault.DROP: errors.ProviderDown,
    Fault.SLOW: errors.ProviderSlow,
    Fault.TRUNCATED: errors.ProviderAnswerUnreadable,
    Fault.REFUSAL: errors.ModelRefused,
    Fault.LENGTH: errors.AnswerCutOff,
    Fault.WRONG_SHAPE: errors.ProviderAnswerUnreadable,
    Fault.REDIRECT: errors.ProviderRedirected,
    Fault.ECHO_KEY: errors.ProviderKeyRefused,
    Fault.OVERSIZE: errors.ProviderAnswerTooLarge,
    Fault.GZIP: errors.ProviderAnswerTooLarge,
    Fault.HTML: errors.ProviderAnswerUnreadable,
}
NOT_JSON = ('{"kind": "rows", "count": NaN}', "", '{"a": 1} and so on')
OTHER_JSON = (b"null", b"[]", b'"text"', b"{}", b'{"choices": []}', b'{"choices": [null]}', b'{"choices": [{"message": {"content": 7}}]}')
ASKING = {
    "openai": ("https://api.openai.com/v1", "/v1/chat/completions"),
    "gemini": ("https://generativelanguage.googleapis.com/v1beta/openai", "/v1beta/openai/chat/completions"),
    "anthropic": ("https://api.anthropic.com/v1", "/v1/messages"),
    "compatible": ("https://models.example.com/v1", "/v1/chat/completions"),
}


async def ask(llm: OpenAiCompatible, access: Access, timeout: float = 20) -> Any:
    return await llm.structured(access, SCHEMA, "Map it.", "The skeleton", model="gpt-test", timeout=timeout)


def test_every_fault_has_an_outcome() -> None:
    assert set(OUTCOMES) == set(Fault)


@pytest.mark.parametrize("fault", Fault)
async def test_a_fault_is_a_typed_error_without_the_key_and_is_not_tried_again(
    provider: OpenAiServer, llm: OpenAiCompatible, access: Access, fault: Fault
) -> None:
    provider.fail(fault)
    with pytest.raises(errors.ProviderError) as raised:
        await ask(llm, access, timeout=0.5)
    assert type(raised.value) is OUTCOMES[fault]
    assert len(provider.asked) == 1
    assert_no_key(raised.value)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.SLOW])
async def test_the_same_holds_over_sockets(provider: OpenAiServer, address: str, fault: Fault) -> None:
    llm, access = OpenAiCompatible(AddressGuard(frozenset({address}))), Access("compatible", f"http://{address}/v1", Secret(KEY))
    provider.fail(fault)
    with pytest.raises(errors.ProviderError) as raised:
        await ask(llm, access)
    assert type(raised.value) is OUTCOMES[fault]
    assert len(provider.asked) == 1
    assert_no_key(raised.value)
    assert await ask(llm, access) == {"kind": "scalar", "count": None}


@pytest.mark.busy
async def test_a_slow_provider_is_given_up_in_the_time_that_was_given(provider: OpenAiServer, address: str) -> None:
    llm, access = OpenAiCompatible(AddressGuard(frozenset({address}))), Access("compatible", f"http://{address}/v1", Secret(KEY))
    provider.fail(Fault.SLOW, seconds=5)
    started = time.monotonic()
    with pytest.raises(errors.ProviderSlow):
        await ask(llm, access, timeout=0.4)
    assert time.monotonic() - started < 2


async def test_a_provider_that_does_not_listen_is_down(free_port: int) -> None:
    llm = OpenAiCompatible(AddressGuard(frozenset({f"127.0.0.1:{free_port}"})))
    with pytest.raises(errors.ProviderDown):
        await ask(llm, Access("compatible", f"http://127.0.0.1:{free_port}/v1", Secret(KEY)))


@pytest.mark.parametrize(("said", "seconds"), [("7", 7), ("0.2", 1), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("99999999", 86400), ("soon", None)])
async def test_a_busy_provider_says_when_to_come_back(provider: OpenAiServer, llm: OpenAiCompatible, access: Access, said: str, seconds: int | None) -> None:
    provider.fail(Fault.RATE_LIMIT, retry_after=said)
    with pytest.raises(errors.ProviderBusy) as busy:
        await ask(llm, access)
    assert busy.value.data["retry_after_seconds"] == seconds


@pytest.mark.parametrize("name", ASKING)
async def test_each_provider_is_asked_in_its_own_way_and_the_answer_is_checked(provider: OpenAiServer, name: str) -> None:
    base_url, path = ASKING[name]

    async def public(host: str, port: int) -> list[str]:
        return ["8.8.8.8"]

    llm = OpenAiCompatible(AddressGuard(frozenset(), public), lambda: Rebased(provider))
    assert await ask(llm, Access(name, base_url, Secret(KEY))) == {"kind": "scalar", "count": None}
    asked = provider.asked[0]
    assert asked.headers["x-asked-path"] == path
    assert ("x-api-key" in asked.headers) is (name == "anthropic")
    assert ("authorization" in asked.headers) is (name != "anthropic")
    assert ("max_completion_tokens" in asked.json) is (name == "openai")


async def test_an_answer_in_a_fence_is_read_and_one_of_another_form_says_where(provider: OpenAiServer, llm: OpenAiCompatible, access: Access) -> None:
    fenced, wrong_type = '```json\n{"kind": "rows", "count": 2}\n```', '{"kind": "rows", "count": "two"}'
    provider.answers = [fenced, wrong_type, *NOT_JSON]
    assert await ask(llm, access) == {"kind": "rows", "count": 2}
    with pytest.raises(errors.ProviderAnswerUnreadable) as wrong:
        await ask(llm, access)
    assert wrong.value.issues[0].pointer == "/count"
    for _ in NOT_JSON:
        with pytest.raises(errors.ProviderAnswerUnreadable):
            await ask(llm, access)


@pytest.mark.parametrize("answer", OTHER_JSON)
async def test_any_other_json_is_no_answer(provider: OpenAiServer, llm: OpenAiCompatible, access: Access, answer: bytes) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": answer})

    provider.__class__ = type("Other", (OpenAiServer,), {"__call__": staticmethod(app)})
    for call in (ask(llm, access), llm.models(access)):
        with pytest.raises(errors.ProviderAnswerUnreadable):
            await call


async def test_models_come_sorted_with_the_day_they_are_shut_down(llm: OpenAiCompatible, access: Access) -> None:
    found = await llm.models(access)
    assert [model.id for model in found] == ["gpt-test", "gpt-test-mini", "gpt-test-old"]
    assert found[2].shutdown_date == "2027-03-31"
    assert found[0].created_at is not None


async def test_a_schema_that_strict_mode_does_not_take_is_refused_by_the_provider_in_its_words(llm: OpenAiCompatible, access: Access) -> None:
    with pytest.raises(errors.ProviderRequestRefused, match="additionalProperties"):
        await llm.structured(access, {"type": "object", "properties": {}}, "s", "u", model="gpt-test")


async def test_nothing_of_the_hosts_environment_reaches_a_provider(
    provider: OpenAiServer, llm: OpenAiCompatible, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = {
        "OPENAI_API_KEY": "sk-host-secret-value", "OPENAI_ADMIN_KEY": "sk-admin-secret-value", "OPENAI_ORG_ID": "org-host-secret",
        "OPENAI_PROJECT_ID": "proj-host-secret", "OPENAI_BASE_URL": "https://elsewhere.example.com",
        "OPENAI_CUSTOM_HEADERS": "X-Host: host-secret\nHost: evil.example",
        "HTTPS_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9", "OPENAI_LOG": "debug",
    }  # fmt: skip
    for name, value in host.items():
        monkeypatch.setenv(name, value)
    assert await ask(llm, access)
    sent = provider.asked[0].headers
    assert sent["authorization"] == f"Bearer {KEY}"
    assert sent["host"] == "models.example.com"
    assert "secret" not in json.dumps(sent) + provider.asked[0].body.decode()
    assert not [name for name in sent if name.startswith(("openai-", "x-stainless"))]


async def test_without_a_key_the_hosts_key_is_not_sent_instead(provider: OpenAiServer, llm: OpenAiCompatible, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-host-secret-value")
    with pytest.raises(errors.ProviderKeyRefused):
        await llm.models(Access("compatible", "https://models.example.com/v1", Secret("none")))
    assert "sk-host-secret-value" not in str(provider.asked[0].headers)
    assert os.environ["OPENAI_API_KEY"] not in provider.asked[0].key


def assert_no_key(error: BaseException) -> None:
    """Neither the error nor anything it drags along says the key, whole or in part."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        current = current.__cause__ or current.__context__
    said = " ".join(f"{one!r} {one} {vars(one)}" for one in seen)
    for piece in (KEY, KEY[::-1], KEY[:12], KEY[-12:]):
        assert piece not in said


class Rebased:
    """The provider at whatever path a base URL has."""

    def __new__(cls, provider: OpenAiServer) -> Any:
        inner = provider.transport()

        class Transport(type(inner)):  # type: ignore[misc]  # the class is only known here
            async def handle_async_request(self, request: Any) -> Any:
                request.headers["x-asked-path"] = request.url.path
                request.url = request.url.copy_with(path=request.url.path.replace("/v1beta/openai", "/v1"))
                return await super().handle_async_request(request)

        return Transport(provider)
