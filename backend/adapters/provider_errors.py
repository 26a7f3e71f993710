"""Translates the SDK's errors into ours: what happened, and the provider's words without the key. Nothing else of the exchange."""

import re
from typing import Any

import httpx2

from backend.connectors.errors import (
    ProviderAnswerUnreadable,
    ProviderBusy,
    ProviderDown,
    ProviderKeyRefused,
    ProviderRequestRefused,
    ProviderSlow,
)
from backend.connectors.rules import refuse
from backend.errors import HubError
from backend.ports.secrets import Secret

_MOST_CHARACTERS = 300
_LONGEST_WAIT = 24 * 3600


def translated(error: Exception, key: Secret) -> HubError | None:
    """Return our error for one raised by the SDK, the transport or a parser; None for any other."""
    import openai  # noqa: PLC0415  heavy, and loaded by now

    if known := _known(error):
        return known
    if isinstance(error, openai.APITimeoutError | TimeoutError | httpx2.TimeoutException):
        return ProviderSlow()
    if isinstance(error, openai.APIStatusError):
        return _by_status(error.status_code, error.response.headers, _said(error.body, key))
    if isinstance(error, openai.APIConnectionError | httpx2.TransportError | OSError):
        return ProviderDown()
    if isinstance(error, httpx2.InvalidURL):
        return refuse("This is not a URL. Write a base URL such as https://models.example.com/v1.")
    if isinstance(error, openai.OpenAIError | httpx2.HTTPError | ValueError):
        return ProviderAnswerUnreadable()
    return None


def _known(error: BaseException | None) -> HubError | None:
    """Return our own error, if our transport raised it and others wrapped it."""
    while error is not None:
        if isinstance(error, HubError):
            return error
        error = error.__cause__
    return None


def _by_status(status: int, headers: httpx2.Headers, said: str) -> HubError:
    if status in {401, 403}:
        return ProviderKeyRefused(_with(ProviderKeyRefused, said), provider_status=status)
    if status == 429:
        return ProviderBusy(_with(ProviderBusy, said), provider_status=status, retry_after_seconds=_seconds(headers.get("retry-after")))
    if status in {408, 504}:
        return ProviderSlow(_with(ProviderSlow, said), provider_status=status)
    if status >= 500:
        return ProviderDown(_with(ProviderDown, said), provider_status=status)
    return ProviderRequestRefused(_with(ProviderRequestRefused, said), provider_status=status)


def _with(kind: type[HubError], said: str) -> str:
    about = " ".join((kind.__doc__ or "").split())
    return f"{about} It says: {said}" if said else about


def _said(body: Any, key: Secret) -> str:
    """Return the provider's message in one short line. HTML error pages are left out."""
    inner = body.get("error", body) if isinstance(body, dict) else body
    message = inner.get("message") if isinstance(inner, dict) else inner
    if not isinstance(message, str) or message.lstrip().startswith("<"):
        return ""
    return key.redact(re.sub(r"[\s\x00-\x1f\x7f]+", " ", message[: 4 * _MOST_CHARACTERS]).strip())[:_MOST_CHARACTERS]


def _seconds(retry_after: str | None) -> int | None:
    """Return `Retry-After` in whole seconds (RFC 9110 section 10.2.3). Its date form is ignored."""
    if retry_after is None or not re.fullmatch(r"\d{1,9}(\.\d+)?", retry_after.strip()):
        return None
    return min(_LONGEST_WAIT, int(-(-float(retry_after) // 1)))
