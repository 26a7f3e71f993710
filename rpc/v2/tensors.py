"""Tensors of the Open Inference Protocol: converts JSON or raw bytes to plain values, and back. Raw bytes are little-endian, row after row."""

import math
import struct
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np

from rpc.v2.errors import InvalidTensor
from schemas.common import Issue
from schemas.open_inference import Datatype, InputTensor

MOST_DIMENSIONS = 8
LENGTH = struct.Struct("<I")
FLOATS = {"FP16": "<f2", "FP32": "<f4", "FP64": "<f8"}
INTEGERS = {f"{sign}INT{bits}": f"<{kind}{bits // 8}" for sign, kind in (("", "i"), ("U", "u")) for bits in (8, 16, 32, 64)}
RAW = FLOATS | INTEGERS | {"BOOL": "|u1"}
"""numpy's name of each datatype except BYTES."""


def values(tensor: InputTensor, raw: memoryview | None, pointer: str) -> list[Any]:
    """Return all values, row after row: floats, ints, bools or texts; None for a missing float. Raises InvalidTensor."""
    try:
        count = _count(tensor.shape)
        if raw is not None:
            return _from_raw(tensor.datatype, raw, count)
        if tensor.data is None:
            raise Misfit("it has neither `data` nor `parameters.binary_data_size`")
        return _from_json(tensor.datatype, _flat(tensor.data, tensor.shape, count))
    except Misfit as misfit:
        said = f"{tensor.name[:100]!r} ({tensor.datatype} {_shown(tensor.shape)}): {misfit}"
        raise InvalidTensor(f"The input {said}.", issues=[Issue(pointer=pointer, message=said)]) from None


class Misfit(Exception):
    """The problem of a tensor."""


def packed(datatype: Datatype, given: Sequence[Any]) -> bytes:
    """Return values as raw bytes. None, which only JSON can express, becomes NaN."""
    if datatype == "BYTES":
        return b"".join(LENGTH.pack(len(text)) + text for text in (str(one).encode() for one in given))
    return np.array([math.nan if one is None else one for one in given], dtype=RAW[datatype]).tobytes()


def _count(shape: Sequence[int]) -> int:
    if not 1 <= len(shape) <= MOST_DIMENSIONS:
        raise Misfit(f"a shape has from 1 to {MOST_DIMENSIONS} dimensions")
    if any(size < 0 for size in shape):
        raise Misfit("a dimension is negative")
    return math.prod(shape)


def _shown(shape: Sequence[int]) -> str:
    return f"[{', '.join(str(size)[:24] for size in shape[:MOST_DIMENSIONS])}{', …' if len(shape) > MOST_DIMENSIONS else ''}]"


def _flat(data: list[Any], shape: Sequence[int], count: int) -> list[Any]:
    """Return the values of flat data, or of lists nested by the shape."""
    flat, depth = data, 0
    while flat and isinstance(flat[0], list):
        if depth + 1 >= len(shape) or len(flat) != math.prod(shape[: depth + 1]):
            raise Misfit("its data is not nested like its shape")
        depth += 1
        if any(not isinstance(part, list) or len(part) != shape[depth] for part in flat):
            raise Misfit("its data is not nested like its shape")
        flat = list(chain.from_iterable(flat))
    if len(flat) != count:
        raise Misfit(f"its shape needs {count if count < 10**18 else 'far more'} values, but its data has {len(flat)}")
    return flat


def _from_json(datatype: str, flat: list[Any]) -> list[Any]:
    if datatype in FLOATS:
        return _floats(datatype, flat)
    if datatype in INTEGERS:
        span = np.iinfo(INTEGERS[datatype])
        return _checked(flat, lambda one: type(one) is int and span.min <= one <= span.max, f"no {datatype}")
    if datatype == "BOOL":
        return _checked(flat, lambda one: type(one) is bool, "neither true nor false")
    return _checked(flat, lambda one: type(one) is str, "no text")


def _floats(datatype: str, flat: list[Any]) -> list[Any]:
    _checked(flat, lambda one: one is None or type(one) in (int, float), "no number")
    try:
        with np.errstate(over="ignore"):
            given = np.array([math.nan if one is None else one for one in flat], dtype=np.float64).astype(FLOATS[datatype])
    except OverflowError:
        raise Misfit(f"a number is too large for {datatype}") from None
    return _finite(given, datatype)


def _checked(flat: list[Any], fits: Any, what: str) -> list[Any]:
    for at, one in enumerate(flat):
        if not fits(one):
            raise Misfit(f"its value {at}, {str(one)[:40]!r}, is {what}")
    return flat


def _finite(given: "np.ndarray[Any, Any]", datatype: str) -> list[Any]:
    """Return floats with None for NaN: a tensor's way to mark a missing value."""
    if np.isinf(given).any():
        raise Misfit(f"a number is infinite, or too large for {datatype}")
    numbers: list[Any] = given.astype(np.float64).tolist()
    return [None if one != one else one for one in numbers] if np.isnan(given).any() else numbers


def _from_raw(datatype: str, raw: memoryview, count: int) -> list[Any]:
    if datatype == "BYTES":
        return list(_texts(raw, count))
    kind = np.dtype(RAW[datatype])
    if len(raw) != count * kind.itemsize:
        raise Misfit(f"its shape needs {count * kind.itemsize if count < 10**15 else 'far more'} bytes, but `binary_data_size` is {len(raw)}")
    given = np.frombuffer(raw, dtype=kind)
    if datatype in FLOATS:
        return _finite(given, datatype)
    found: list[Any] = (given != 0).tolist() if datatype == "BOOL" else given.tolist()
    return found


def _texts(raw: memoryview, count: int) -> Iterator[str]:
    """Return texts from bytes; each follows its length in 4 bytes."""
    at = found = 0
    while at < len(raw):
        start = at + LENGTH.size
        at = start + LENGTH.unpack_from(raw, at)[0] if start <= len(raw) else start
        if at > len(raw):
            raise Misfit(f"the bytes of its value {found} end too early")
        try:
            yield str(raw[start:at], "utf-8")
        except UnicodeDecodeError:
            raise Misfit(f"its value {found} is not UTF-8 text") from None
        found += 1
    if found != count:
        raise Misfit(f"its shape needs {count if count < 10**18 else 'far more'} values, but its bytes hold {found}")
