"""Bodies of the data plane: decoded directly into their shape, or refused with a pointer."""

import json
import re
from typing import Any, TypeVar

import msgspec

from backend.errors import Invalid
from rpc.core.asgi import refuse_body
from schemas.common import Issue
from schemas.inference import PredictBody

T = TypeVar("T")
MOST_BODY_ISSUES = 50


class MalformedBody(Invalid):
    """The body is not JSON. NaN and Infinity are not JSON either. Leave an optional feature out, or send null."""


class InvalidBody(Invalid):
    """The body is JSON, but does not have the form that this endpoint takes. Correct the fields named in `issues`."""


class NotFinite(Invalid):
    """NaN and Infinity are no JSON numbers, and no model takes them. Leave an optional feature out, or send null."""


async def given(body: bytes, announced: bytes, limit: int) -> bytes:
    """Return a body that is not empty. Raises PayloadTooLarge past `limit` bytes."""
    if len(body) > limit:
        await refuse_body(None, limit)
    return body


def decode(decoder: "msgspec.json.Decoder[T]", raw: bytes) -> T:
    """Return the body in its shape. Raises NotFinite, MalformedBody, InvalidBody, each with the place."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        said, _, path = str(error).partition(" - at `")
        raise InvalidBody(issues=[Issue(pointer=pointer_of(path.rstrip("`")), message=said)]) from None
    except RecursionError:
        raise MalformedBody("The body is nested too deeply.", issues=[Issue(pointer="", message="nested too deeply")]) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if issues := _not_finite(raw):
            raise NotFinite(issues=issues) from None
        raise MalformedBody(issues=[Issue(pointer="", message=str(error))]) from None


def with_key(asked: PredictBody, key: bytes) -> PredictBody:
    """Return the request with the key of its Idempotency-Key header. Raises Invalid for an unusable key."""
    said = key.decode("latin-1").strip()
    if not 1 <= len(said) <= 200 or not said.isprintable() or asked.idempotency_key not in (None, said):
        raise Invalid("The header Idempotency-Key must have 1 to 200 printable characters, and equal the body's `idempotency_key` if both are sent.")
    return msgspec.structs.replace(asked, idempotency_key=said)


def pointer_of(path: str) -> str:
    """Return msgspec's path as a JSON Pointer.

    >>> pointer_of("$.outcomes[3].actual"), pointer_of("$"), pointer_of("$.inputs[...]")
    ('/outcomes/3/actual', '', '/inputs')
    """
    parts = re.findall(r"\.([A-Za-z_][\w]*)|\[(\d+)\]", path)
    return "".join(f"/{name or index}" for name, index in parts)


def _not_finite(raw: bytes) -> list[Issue]:
    """Return the places of NaN and Infinity in a body that is JSON except for them."""
    if not re.search(rb"NaN|Infinity", raw):
        return []
    found: list[Issue] = []
    try:
        _walk(json.loads(raw, parse_constant=_Constant), "", found)
    except (ValueError, RecursionError):
        return []
    return found[:MOST_BODY_ISSUES]


class _Constant(str):
    """A NaN or Infinity as written."""

    __slots__ = ()


def _walk(value: Any, pointer: str, found: list[Issue]) -> None:
    if isinstance(value, _Constant):
        found.append(Issue(pointer=pointer, message=f"JSON has no number {value}"))
    elif isinstance(value, dict):
        for name, inner in value.items():
            _walk(inner, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", found)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            _walk(inner, f"{pointer}/{at}", found)
