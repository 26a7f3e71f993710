"""Language models through the `openai` SDK, with its dangerous defaults switched off.

The SDK falls back to the host's `OPENAI_API_KEY`, and adds `OPENAI_ORG_ID`, `OPENAI_PROJECT_ID` and `OPENAI_CUSTOM_HEADERS`. It follows redirects,
trusts proxies of the environment, and retries requests that may have succeeded. Here it gets a placeholder key. The transport adds the real key and lets only
known headers out. So no object, error or log line of the SDK contains the key.
"""

import asyncio
import importlib
import json
import logging
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import httpx2
import jsonschema
from jsonschema import Draft202012Validator

from backend.adapters.guarded_transport import AddressGuard, GuardedTransport
from backend.adapters.provider_errors import translated
from backend.connectors.errors import AnswerCutOff, ModelRefused, ProviderAnswerUnreadable
from backend.connectors.providers import TRAITS, Structured
from backend.connectors.rules import refuse
from backend.ports.language_models import Answer
from backend.ports.secrets import Access, Secret
from schemas.common import Issue, Json
from schemas.connectors import Provider, ProviderModel

if TYPE_CHECKING:
    from openai import AsyncOpenAI

for noisy in ("openai", "httpx2", *(f"httpcore2.{part}" for part in ("connection", "http11", "http2", "proxy", "socks"))):
    # At DEBUG these loggers write providers' answers, and a provider may echo a key.
    logging.getLogger(noisy).addFilter(lambda record: record.levelno >= logging.WARNING)

T = TypeVar("T")
PLACEHOLDER = "put-on-by-the-transport"
_CONNECT_SECONDS = 5.0
_MAX_MODELS = 2000
_FENCE = re.compile(r"^```(?:json)?\s*\n(.*)\n```$", re.DOTALL)


class OpenAiCompatible:
    """Implements LlmProvider. `ask` gives access to the rest of the SDK (files, fine-tuning jobs)."""

    def __init__(self, guard: AddressGuard, connect: Callable[[], httpx2.AsyncBaseTransport] | None = None) -> None:
        """`connect` makes the transport below the guard; sockets by default."""
        self._guard = guard
        self._connect = connect or self._sockets

    async def check(self, base_url: str) -> None:
        """Check that this address may be called. Raises BaseUrlRefused, ProviderDown."""
        try:
            url = httpx2.URL(base_url)
        except httpx2.InvalidURL:
            raise refuse("This is not a URL. Write a base URL such as https://models.example.com/v1.") from None
        await self._guard.addresses(url)

    async def ask(self, access: Access, timeout: float, use: Callable[["AsyncOpenAI"], Awaitable[T]]) -> T:
        """Return the result of `use` with the SDK for one connector, within the timeout in seconds. Every failure is a ProviderError or BaseUrlRefused.

        The original error is dropped, also as a context, because it contains the exchange.
        """
        try:
            return await self._ask(access, timeout, use)
        except Exception as error:
            ours = translated(error, access.key)
            if ours is None:
                raise
        raise ours

    async def _ask(self, access: Access, timeout: float, use: Callable[["AsyncOpenAI"], Awaitable[T]]) -> T:
        openai = await _sdk()
        transport = GuardedTransport(self._guard, self._connect(), TRAITS[Provider(access.provider)], access.key)
        limit = httpx2.Timeout(timeout, connect=_CONNECT_SECONDS)
        async with asyncio.timeout(timeout), httpx2.AsyncClient(transport=transport, follow_redirects=False, trust_env=False, timeout=limit) as http:
            sdk = openai.AsyncOpenAI(
                api_key=PLACEHOLDER,
                admin_api_key=PLACEHOLDER,
                organization="",
                project="",
                webhook_secret="",
                base_url=access.base_url,
                max_retries=0,
                timeout=limit,
                http_client=http,
            )
            return await use(sdk)

    async def models(self, access: Access, timeout: float = 15) -> list[ProviderModel]:
        """Return the ids of the models on offer. Raises ProviderError, BaseUrlRefused."""
        path = TRAITS[Provider(access.provider)].models_path
        answer: Json = await self.ask(access, timeout, lambda sdk: sdk.get(path, cast_to=object))
        listed = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(listed, list):
            raise ProviderAnswerUnreadable(
                "The provider's answer is no list of models. Check that the base URL ends as the provider's documentation says, often in /v1."
            )
        found = [_model(entry, access.key) for entry in listed[:_MAX_MODELS] if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
        return sorted(found, key=lambda model: model.id)

    async def structured(
        self,
        access: Access,
        schema: dict[str, Json],
        system: str,
        user: str,
        *,
        model: str,
        max_output_tokens: int = 8192,
        timeout: float = 60,
        temperature: float | None = None,
    ) -> Json:
        """Return the model's answer to `user`, valid by `schema`. Raises ProviderError, BaseUrlRefused."""
        answer = await self.answer(access, schema, system, user, model=model, max_output_tokens=max_output_tokens, timeout=timeout, temperature=temperature)
        return answer.value

    async def answer(
        self,
        access: Access,
        schema: dict[str, Json],
        system: str,
        user: str,
        *,
        model: str,
        accepts: dict[str, Json] | None = None,
        max_output_tokens: int = 8192,
        timeout: float = 60,
        temperature: float | None = None,
    ) -> Answer:
        """Return the answer with its token counts, validated by `accepts` if given, else by `schema`. Raises ProviderError, BaseUrlRefused."""
        traits = TRAITS[Provider(access.provider)]
        way = _by_messages if traits.structured is Structured.OUTPUT_CONFIG else _by_chat
        settings = {traits.max_tokens_field: max_output_tokens, **({} if temperature is None else {"temperature": temperature})}
        said, usage = await self.ask(access, timeout, lambda sdk: way(sdk, schema, system, user, model, settings))
        counted = [_count(usage, *names) for names in (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens"))]
        return Answer(_checked(said, accepts or schema, access.key), *counted)

    def _sockets(self) -> httpx2.AsyncBaseTransport:
        return httpx2.AsyncHTTPTransport(verify=self._tls, trust_env=False, retries=0)

    @cached_property
    def _tls(self) -> Any:
        return httpx2.create_ssl_context(trust_env=False)


async def _sdk() -> Any:
    """Return the SDK. The first call imports it in a thread, which takes a second."""
    return sys.modules.get("openai") or await asyncio.to_thread(importlib.import_module, "openai")


async def _by_chat(sdk: "AsyncOpenAI", schema: dict[str, Json], system: str, user: str, model: str, settings: dict[str, Any]) -> tuple[str, Any]:
    body = {
        "model": model,
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}},
        **settings,
    }
    answer = await sdk.post("/chat/completions", cast_to=object, body=body)
    choice = _at(answer, "choices", 0)
    finish, message = _at(choice, "finish_reason"), _at(choice, "message")
    if _at(message, "refusal") or finish == "content_filter":
        raise ModelRefused
    if finish == "length":
        raise AnswerCutOff
    return _text(_at(message, "content")), _at(answer, "usage")


async def _by_messages(sdk: "AsyncOpenAI", schema: dict[str, Json], system: str, user: str, model: str, settings: dict[str, Any]) -> tuple[str, Any]:
    body = {
        "model": model,
        "system": system,
        "messages": [{"role": "user", "content": user}],
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
        **settings,
    }
    answer = await sdk.post("/messages", cast_to=object, body=body)
    stop = _at(answer, "stop_reason")
    if stop == "refusal":
        raise ModelRefused
    if stop in {"max_tokens", "model_context_window_exceeded"}:
        raise AnswerCutOff
    blocks = _at(answer, "content")
    texts = [_at(block, "text") for block in blocks if _at(block, "type") == "text"] if isinstance(blocks, list) else []
    return _text("".join(text for text in texts if isinstance(text, str)) or None), _at(answer, "usage")


def _count(usage: Any, *names: str) -> int:
    """Return the provider's token count; 0 without one."""
    found = next((value for name in names if (value := _at(usage, name)) is not None), 0)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**9 else 0


def _at(value: Any, *steps: str | int) -> Any:
    """Return the value at a path, or None: a provider may answer anything."""
    for step in steps:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and len(value) > step:
            value = value[step]
        else:
            return None
    return value


def _text(content: Any) -> str:
    if not isinstance(content, str) or not content.strip():
        raise ProviderAnswerUnreadable("The provider's answer contains no text. Try again, or choose another model.")
    return content


def _checked(said: str, schema: dict[str, Json], key: Secret) -> Json:
    fenced = _FENCE.match(said.strip())
    try:
        answer = json.loads(fenced[1] if fenced else said, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ProviderAnswerUnreadable("The model's answer is not JSON. Try again, or choose another model.") from None
    error = jsonschema.exceptions.best_match(Draft202012Validator(schema).iter_errors(answer))
    if error is not None:
        pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in error.absolute_path)
        issue = Issue(pointer=key.redact(pointer), message=key.redact(error.message)[:300])
        raise ProviderAnswerUnreadable("The model's answer does not have the requested form. Try again, or choose another model.", issues=[issue])
    return answer


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _model(entry: dict[str, Any], key: Secret) -> ProviderModel:
    created, owner, shutdown = entry.get("created") or entry.get("created_at"), entry.get("owned_by"), entry.get("shutdown_date")
    return ProviderModel(
        id=key.redact(entry["id"])[:200],
        owned_by=key.redact(owner)[:200] if isinstance(owner, str) else None,
        created_at=_moment(created),
        shutdown_date=key.redact(shutdown)[:40] if isinstance(shutdown, str) else None,
    )


def _moment(value: Any) -> datetime | None:
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return datetime.fromtimestamp(value, UTC) if isinstance(value, int) and value > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
