"""Reads UBJSON and trusts nothing in it (Universal Binary JSON, draft 12, as XGBoost writes it: big-endian, typed arrays)."""

from typing import Any

import numpy as np

from backend.numerics.trees.lightgbm_fields import MalformedTrees

NUMBER_FORMATS = {b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8"}
CONSTANTS: dict[bytes, Any] = {b"Z": None, b"T": True, b"F": False}
WHOLE = frozenset(b"iUIlL")
MAX_DEPTH = 16
MAX_ITEMS = 2_000_000
"""Most values outside of typed arrays, in all containers together."""


def read_ubjson(content: bytes) -> Any:
    """Return the value in `content`; typed arrays of numbers are numpy arrays in native order. Raises `MalformedTrees` with the position of the bad byte.

    >>> read_ubjson(b"{U" + bytes([1]) + b"a[$l#U" + bytes([2, 0, 0, 0, 7, 0, 0, 0, 8]) + b"}")
    {'a': array([7, 8], dtype=int32)}
    """
    reader = _UbjsonReader(content)
    found = reader.value(reader.take(1), 0)
    if reader.at != len(content):
        raise MalformedTrees(f"At byte {reader.at}: something follows the end of the model.")
    return found


class _UbjsonReader:
    def __init__(self, content: bytes) -> None:
        self.content, self.at, self.items = content, 0, 0

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        part = self.content[self.at : self.at + size]
        if size < 0 or len(part) != size:
            raise MalformedTrees(f"At byte {self.at}: the file ends, or a length in it is wrong.")
        self.at += size
        return part

    def value(self, marker: bytes, depth: int) -> Any:
        """Return the value that follows its marker."""
        self.items += 1
        if depth > MAX_DEPTH or self.items > MAX_ITEMS:
            raise MalformedTrees(f"At byte {self.at}: nested deeper than {MAX_DEPTH} levels, or more than {MAX_ITEMS} values.")
        if marker in NUMBER_FORMATS:
            dtype = np.dtype(NUMBER_FORMATS[marker])
            return np.frombuffer(self.take(dtype.itemsize), dtype)[0].item()
        if marker in CONSTANTS:
            return CONSTANTS[marker]
        if marker == b"S":
            return self.text()
        if marker == b"C":
            return self.take(1).decode("latin-1")
        if marker == b"[":
            return self.array(depth)
        if marker == b"{":
            return self.object(depth)
        raise MalformedTrees(f"At byte {self.at - 1}: {marker!r} is no kind of value.")

    def length(self) -> int:
        """Return a length with its own marker."""
        marker = self.take(1)
        if marker[0] not in WHOLE:
            raise MalformedTrees(f"At byte {self.at - 1}: a length is expected.")
        found = int(np.frombuffer(self.take(np.dtype(NUMBER_FORMATS[marker]).itemsize), NUMBER_FORMATS[marker])[0])
        if found < 0:
            raise MalformedTrees(f"At byte {self.at}: a length is below zero.")
        return found

    def text(self) -> str:
        """Return a text with its length before it."""
        at, raw = self.at, self.take(self.length())
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedTrees(f"At byte {at}: this is not UTF-8 text.") from error

    def array(self, depth: int) -> Any:
        """Return an array: typed, counted, or ended by a bracket."""
        if self.peek() == b"$":
            self.take(1)
            marker = self.take(1)
            if marker not in NUMBER_FORMATS or self.take(1) != b"#":
                raise MalformedTrees(f"At byte {self.at}: a typed array must be of numbers and counted.")
            dtype = np.dtype(NUMBER_FORMATS[marker])
            count = self.length()
            return np.frombuffer(self.take(count * dtype.itemsize), dtype).astype(dtype.newbyteorder("="))
        if self.peek() == b"#":
            self.take(1)
            return [self.value(self.take(1), depth + 1) for _ in range(min(self.length(), MAX_ITEMS + 1))]
        found = []
        while (marker := self.take(1)) != b"]":
            found.append(self.value(marker, depth + 1))
        return found

    def object(self, depth: int) -> dict[str, Any]:
        """Return an object, ended by a bracket. A repeated name is refused, because nobody knows which value XGBoost takes."""
        found: dict[str, Any] = {}
        if self.peek() in (b"$", b"#"):
            raise MalformedTrees(f"At byte {self.at}: a counted object is not what XGBoost writes.")
        while self.peek() != b"}":
            name = self.text()
            if name in found:
                raise MalformedTrees(f"At byte {self.at}: the name {name[:40]!r} is there twice.")
            found[name] = self.value(self.take(1), depth + 1)
        self.take(1)
        return found

    def peek(self) -> bytes:
        """Return the next byte without moving past it."""
        return self.content[self.at : self.at + 1]


def is_ubjson(content: bytes) -> bool:
    """Return whether an object begins as UBJSON and not as JSON: with a length in place of a quote, a space or the end.

    >>> is_ubjson(b"{L" + bytes([0, 0, 0, 0, 0, 0, 0, 7]) + b"learner{"), is_ubjson(b'{"learner":')
    (True, False)
    """
    return content[:1] == b"{" and len(content) > 1 and content[1] in WHOLE
