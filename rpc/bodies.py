"""Bodies of the data plane: decoded straight into their shape, and refused with a pointer."""

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
    """The body is not JSON. NaN and Infinity are not JSON either; leave an optional feature out, or send null."""


class InvalidBody(Invalid):
    """The body is JSON, but not of the shape that this endpoint takes."""


class NotFinite(Invalid):
    """NaN and Infinity are no numbers in JSON, and no model here is asked about them. Leave an optional feature out, or send null."""


async def given(body: bytes, announced: bytes, limit: int) -> bytes:
    """A body that is there. Raises PayloadTooLarge past `limit` bytes."""
    if len(body) > limit:
        await refuse_body(None, limit)
    return body


def decode(decoder: "msgspec.json.Decoder[T]", raw: bytes) -> T:
    """The body in its shape. Raises NotFinite, MalformedBody, InvalidBody, each saying where."""
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
    """The request with the key of its Idempotency-Key header. Raises Invalid for a key that cannot be used."""
    said = key.decode("latin-1").strip()
    if not 1 <= len(said) <= 200 or not said.isprintable() or asked.idempotency_key not in (None, said):
        raise Invalid("The header Idempotency-Key holds 1 to 200 printable characters, and the same as the body's `idempotency_key` where that is given too.")
    return msgspec.structs.replace(asked, idempotency_key=said)


def pointer_of(path: str) -> str:
    """msgspec's path as a JSON Pointer.

    >>> pointer_of("$.outcomes[3].actual"), pointer_of("$"), pointer_of("$.inputs[...]")
    ('/outcomes/3/actual', '', '/inputs')
    """
    parts = re.findall(r"\.([A-Za-z_][\w]*)|\[(\d+)\]", path)
    return "".join(f"/{name or index}" for name, index in parts)


def _not_finite(raw: bytes) -> list[Issue]:
    """Where NaN and Infinity stand, in a body that is JSON but for them."""
    if not re.search(rb"NaN|Infinity", raw):
        return []
    found: list[Issue] = []
    try:
        _walk(json.loads(raw, parse_constant=_Constant), "", found)
    except (ValueError, RecursionError):
        return []
    return found[:MOST_BODY_ISSUES]


class _Constant(str):
    """A NaN or Infinity as it was written."""

    __slots__ = ()


def _walk(value: Any, pointer: str, found: list[Issue]) -> None:
    if isinstance(value, _Constant):
        found.append(Issue(pointer=pointer, message=f"{value} is not a number that JSON has"))
    elif isinstance(value, dict):
        for name, inner in value.items():
            _walk(inner, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", found)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            _walk(inner, f"{pointer}/{at}", found)
