"""Fields of a foreign line. A refusal names the field, its value and the expected form."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec

_SHOWN = 60
_LARGEST = 10**30
"""No time, duration or status is as large. Comparing with this number also refuses infinity and NaN."""


class UnreadableField(ValueError):
    """A line does not fit the layout. The message names the field and its form."""


def shown(value: Any) -> str:
    """Return a value in JSON's terms: its kind, and the value itself if it is short."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return f"an object with {', '.join(map(str, list(value)[:6]))}"[:200] if value else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    written = json.dumps(value, ensure_ascii=False)
    return written if len(written) <= _SHOWN else f"{written[:_SHOWN]}…"


def refused(where: str, value: Any, form: str) -> UnreadableField:
    """Return the error for a value of the wrong form."""
    return UnreadableField(f"{where} is {shown(value)}; it must be {form}")


def an_object(value: Any, where: str) -> dict[str, Any]:
    """Return the object. Raises Unreadable."""
    if not isinstance(value, dict):
        raise refused(where, value, "an object")
    return value


def member(said: dict[str, Any], name: str, where: str = "") -> Any:
    """Return a required field. Raises Unreadable."""
    if name not in said:
        raise UnreadableField(f"{_below(where, name)} is missing")
    return said[name]


def a_text(said: dict[str, Any], name: str, where: str = "") -> str:
    """Return a text that is not empty. A number is taken as written. Raises Unreadable."""
    value = member(said, name, where)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise refused(_below(where, name), value, "a text")
    return str(value)


def a_whole(value: Any, where: str) -> int:
    """Return a whole number, also from quotes. Raises Unreadable."""
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal() and len(value) < 20:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LARGEST or value != int(value):
        raise refused(where, value, "a whole number")
    return int(value)


def a_moment(value: Any, where: str) -> datetime:
    """Return a time in RFC 3339 form; without a zone it is UTC. Raises Unreadable."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None:
        raise refused(where, value, "a time such as 2026-11-28T10:15:00Z")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def milliseconds(value: Any, where: str) -> datetime:
    """Return a time from milliseconds since 1970. Raises Unreadable."""
    whole = a_whole(value, where)
    try:
        return datetime.fromtimestamp(whole / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        raise refused(where, value, "a time in milliseconds since 1970") from None


def json_of(written: Any, where: str) -> Any:
    """Return the JSON in a text. NaN and Infinity, as Python writes them, become null. Raises Unreadable."""
    if written is None:
        raise UnreadableField(f"{where} is null, as for payloads too large for the log; it must be JSON in a text")
    if not isinstance(written, str | bytes):
        raise refused(where, written, "JSON in a text")
    try:
        return msgspec.json.decode(written)
    except RecursionError:
        raise UnreadableField(f"{where} is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeError):
        pass
    try:
        said = json.loads(written, parse_constant=lambda _: None)
        json.dumps(said, ensure_ascii=False).encode()
    except RecursionError:
        raise UnreadableField(f"{where} is nested too deeply") from None
    except UnicodeEncodeError:
        raise UnreadableField(f"{where} holds half a character (a lone \\ud800 to \\udfff); its texts must be whole Unicode characters") from None
    except (ValueError, UnicodeError):
        text = written.decode("utf-8", "replace") if isinstance(written, bytes) else written
        raise refused(where, text, "JSON") from None
    return said


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
