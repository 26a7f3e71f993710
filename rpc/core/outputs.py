"""From what a handler returns to JSON that JavaScript reads without loss."""

import re
from typing import Any

import msgspec

SAFE = 2**53 - 1
"""The largest integer that JavaScript holds exactly."""

_encoder = msgspec.json.Encoder(decimal_format="string")
_LONG_NUMBER = re.compile(rb"(?:^|[\[:,])-?\d{16,}(?![\d.eE])")
_DIGITS = bytes(ord("0") if chr(i).isdigit() else ord(" ") for i in range(128)).ljust(256)
_LONG = b"0" * 16


def encode(value: Any) -> bytes:
    """JSON bytes. NaN and infinities become null; an integer past 2^53 becomes a string, since JavaScript would round it."""
    encoded = _encoder.encode(value)
    if _LONG in encoded.translate(_DIGITS) and _LONG_NUMBER.search(encoded):  # the first test is cheap, and nearly always enough
        return _encoder.encode(_exact(msgspec.json.decode(encoded)))
    return encoded


def _exact(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > SAFE:
        return str(value)
    return value
