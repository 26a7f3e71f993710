"""Integers between Python, which has all, and JavaScript, which is exact only up to 2^53.

An `int` of a shape must be exact in JavaScript: a larger value is refused in an input, and is an error in an output. A `BigInt` always travels as a string. In
undeclared JSON, a value past 2^53 is sent as a string.
"""

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import inspect as mi

from rpc.core.contract.typescript import parts
from schemas.common import BIG, SAFE, Json

Direction = Literal["in", "out"]

_DIGITS = re.compile(r"-?\d{1,20}", re.ASCII)
_LONG_NUMBER = re.compile(rb"(?:^|[\[:,])\s*-?\d{16,}(?![\d.eE])")
_CLASSES = bytes(ord("0") if chr(i).isdigit() else ord(" ") for i in range(128)).ljust(256)
_LONG = b"0" * 16
_SEQUENCES = (mi.ListType, mi.SetType, mi.FrozenSetType, mi.VarTupleType, mi.CollectionType)


class Unsafe(ValueError):
    """An integer past 2^53 where an `int` is declared."""

    def __init__(self, pointer: str) -> None:
        """`pointer` is a JSON Pointer to it."""
        super().__init__(f"the integer at {pointer or 'the top'} is past 2^53: declare a BigInt for it")
        self.pointer = pointer


def has_long_number(encoded: bytes) -> bool:
    """Return whether the JSON may contain an integer past 2^53. The first test is cheap, and nearly always enough."""
    return _LONG in encoded.translate(_CLASSES) and _LONG_NUMBER.search(encoded) is not None


def is_big(info: mi.Type) -> bool:
    """Return whether it is a BigInt."""
    return isinstance(info, mi.Metadata) and bool((info.extra or {}).get(BIG))


def has_big(info: mi.Type) -> bool:
    """Return whether a BigInt is within."""
    return any(map(is_big, within(info)))


def within(info: mi.Type) -> Iterator[mi.Type]:
    """Return a type and all its parts."""
    seen: set[object] = set()
    waiting = [info]
    while waiting:
        one = waiting.pop()
        if isinstance(one, mi.StructType | mi.DataclassType):
            if one.cls in seen:
                continue
            seen.add(one.cls)
        yield one
        waiting += parts(one)


def conform(value: Json, info: mi.Type, way: Direction, pointer: str = "") -> Json:
    """Return decoded JSON of a shape with its integers as they travel (out), or as Python takes them (in). Raises Unsafe."""
    if is_big(info):
        return _big(value, way)
    if isinstance(info, mi.Metadata):
        return conform(value, info.type, way, pointer)
    if isinstance(info, mi.UnionType):
        return conform(value, _member(value, info), way, pointer)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > SAFE:
        return _long(value, info, way, pointer)
    if isinstance(value, list):
        return [conform(item, within, way, f"{pointer}/{at}") for at, (item, within) in enumerate(zip(value, _items(info, len(value)), strict=True))]
    if isinstance(value, dict):
        fields = {field.encode_name: field.type for field in info.fields} if isinstance(info, mi.StructType | mi.DataclassType) else {}
        others = info.value_type if isinstance(info, mi.DictType) else _ANYTHING
        return {name: conform(item, fields.get(name, others), way, f"{pointer}/{_escape(name)}") for name, item in value.items()}
    return value


_ANYTHING = mi.AnyType()


def _big(value: Json, way: Direction) -> Json:
    if way == "out":
        return str(value) if isinstance(value, int) else value
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


def _long(value: int, info: mi.Type, way: Direction, pointer: str) -> Json:
    if isinstance(info, mi.IntType):
        raise Unsafe(pointer)
    if way == "in":
        return value
    return float(value) if isinstance(info, mi.FloatType) else str(value)


def _items(info: mi.Type, count: int) -> list[mi.Type]:
    if isinstance(info, _SEQUENCES):
        return [info.item_type] * count
    if isinstance(info, mi.TupleType) and len(info.item_types) == count:
        return list(info.item_types)
    return [_ANYTHING] * count


def _member(value: Json, union: mi.UnionType) -> mi.Type:
    """Return the union's member that a value belongs to."""
    if isinstance(value, dict):
        return next((one for one in map(_bare, union.types) if _holds(one, value)), _ANYTHING)
    if isinstance(value, list):
        return next((one for one in map(_bare, union.types) if isinstance(one, (*_SEQUENCES, mi.TupleType))), _ANYTHING)
    if big := next((one for one in union.types if is_big(one)), None):
        return big
    numbers = [one for one in map(_bare, union.types) if isinstance(one, mi.FloatType | mi.IntType)]
    return min(numbers, key=lambda one: isinstance(one, mi.IntType), default=_ANYTHING)


def _holds(info: mi.Type, value: dict[str, Json]) -> bool:
    if isinstance(info, mi.StructType):
        return info.tag_field is None or value.get(info.tag_field) == info.tag
    return isinstance(info, mi.DictType | mi.DataclassType)


def _bare(info: mi.Type) -> mi.Type:
    return info.type if isinstance(info, mi.Metadata) and not is_big(info) else info


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
