"""Encodes a handler's result as JSON that JavaScript reads without loss."""

from functools import cached_property
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from rpc.core.context import Tracked
from rpc.core.integers import conform, has_big, has_long_number

_encoder = msgspec.json.Encoder(decimal_format="string")


class Output:
    """Encodes the result of a procedure, or its streamed items."""

    def __init__(self, shape: Any) -> None:
        """`shape` is the annotation of the result, or of one item."""
        self.shape = shape

    @cached_property
    def _info(self) -> msgspec.inspect.Type:
        return msgspec.inspect.type_info(untracked(self.shape))

    @cached_property
    def _big(self) -> bool:
        return has_big(self._info)

    def encode(self, value: Any) -> bytes:
        """Return JSON bytes. NaN and infinities become null. Raises Unsafe for an integer past 2^53 unless it is a BigInt or undeclared JSON."""
        if isinstance(value, Tracked):
            return b'{"id":%b,"data":%b}' % (msgspec.json.encode(value.id), self.encode(value.data))
        encoded = _encoder.encode(value)
        if self._big or has_long_number(encoded):
            return _encoder.encode(conform(msgspec.json.decode(encoded), self._info, "out"))
        return encoded


def untracked(annotation: Any) -> Any:
    """Return the annotation of a tracked item, or None."""
    if get_origin(annotation) is Tracked:
        return get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        return Union[tuple(untracked(one) for one in get_args(annotation))]  # noqa: UP007 (made at run time)
    return annotation
