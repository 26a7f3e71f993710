"""Faults of a provider, on demand."""

import asyncio
from enum import StrEnum

import msgspec

from tests.support.openai_server.reply import Asked, Dropped, Reply


class Fault(StrEnum):
    """One fault."""

    BAD_KEY = "bad_key"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    RATE_LIMIT = "rate_limit"
    BROKEN = "broken"
    OVERLOADED = "overloaded"
    DROP = "drop"
    SLOW = "slow"
    TRUNCATED = "truncated"
    REFUSAL = "refusal"
    LENGTH = "length"
    WRONG_SHAPE = "wrong_shape"
    REDIRECT = "redirect"
    ECHO_KEY = "echo_key"
    OVERSIZE = "oversize"
    GZIP = "gzip"
    HTML = "html"


IN_ANSWER = frozenset({Fault.REFUSAL, Fault.LENGTH, Fault.WRONG_SHAPE})
"""Faults of the model rather than of the server."""
METADATA = "http://169.254.169.254/latest/meta-data/iam/security-credentials/"


class Script(msgspec.Struct, kw_only=True):
    """A fault for the next `times` requests whose path starts with `path`."""

    fault: Fault
    path: str = "/v1/"
    times: int = 1
    retry_after: str = "7"
    seconds: float = 30
    location: str = METADATA


_ERRORS = {
    Fault.FORBIDDEN: (403, "You are not allowed to sample from this model.", "forbidden"),
    Fault.NOT_FOUND: (404, "The model `gpt-none` does not exist or you do not have access to it.", "model_not_found"),
    Fault.BROKEN: (500, "The server had an error while processing your request.", None),
    Fault.OVERLOADED: (503, "The engine is currently overloaded, please try again later.", None),
}


async def commit(script: Script, asked: Asked) -> Reply:
    """Return the faulty reply."""
    if script.fault in _ERRORS:
        return _error(*_ERRORS[script.fault])
    match script.fault:
        case Fault.BAD_KEY:
            return _error(401, f"Incorrect API key provided: {asked.key[:8]}***{asked.key[-4:]}.", "invalid_api_key")
        case Fault.RATE_LIMIT:
            return _error(429, "Rate limit reached for requests.", "rate_limit_exceeded", {"retry-after": script.retry_after})
        case Fault.ECHO_KEY:
            key = asked.key
            words = f"Bad key {key}; reversed {key[::-1]}; header Bearer {key}; the start is {key[:12]}"
            return _error(401, words, f"key_{key}", {"x-echo": key, "www-authenticate": f"Bearer {key}"})
        case Fault.REDIRECT:
            return Reply({}, 307, {"location": script.location})
        case Fault.TRUNCATED:
            return Reply(chunks=[b'{"id": "chatcmpl-1", "choices": [{"index": 0, "mess'])
        case Fault.OVERSIZE:
            return Reply(chunks=[b'{"data": "'] + [b"x" * 65536] * 200)
        case Fault.GZIP:
            return Reply(chunks=[b"\x1f\x8b\x08\x00"], headers={"content-encoding": "gzip"})
        case Fault.HTML:
            return Reply(chunks=[b"<html><body>It works!</body></html>"], kind="text/html")
        case Fault.SLOW:
            await asyncio.sleep(script.seconds)
            return _error(504, "Too late anyway.", None)
        case _:
            raise Dropped


def _error(status: int, message: str, code: str | None, headers: dict[str, str] | None = None) -> Reply:
    return Reply({"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}, status, headers or {})
