"""`key=value` lines of a LightGBM text file, read strictly."""

import re
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from backend.numerics.trees.forest import Floats, Ints

A = TypeVar("A", Ints, Floats)
NUMBERS = re.compile(r"(-?inf|[0-9eE+.\-]+)( (-?inf|[0-9eE+.\-]+))*", re.ASCII)
UNBOUNDED = {"threshold", "split_gain"}
"""Fields that may contain `inf`: a split that separates missing values from all others has an infinite threshold."""
FLAGS = {"tree", "average_output"}


class MalformedTrees(ValueError):
    """The file is not a model that its library would have written."""


@dataclass(frozen=True)
class Fields:
    """The lines of one block; `where` names the block in errors."""

    text: dict[str, str]
    flags: set[str]
    where: str

    @classmethod
    def of(cls, block: bytes, where: str, *, flags: bool = False) -> "Fields":
        """Split a block into its fields. A repeated key is refused, because nobody knows which value LightGBM takes."""
        try:
            lines = block.decode("utf-8").split("\n")[:-1]
        except UnicodeDecodeError as error:
            raise MalformedTrees(f"{where} is not UTF-8 text.") from error
        text: dict[str, str] = {}
        seen: set[str] = set()
        for line in lines:
            key, equals, value = line.partition("=")
            if not equals and flags and line in FLAGS | {""}:
                seen.add(line)
            elif not equals or key in text or "\r" in line or "\0" in line:
                raise MalformedTrees(f"{where}: the line {line[:60]!r} has no place here.")
            else:
                text[key] = value
        return cls(text, seen, where)

    def require(self, name: str) -> str:
        """Return a field's text."""
        if name not in self.text:
            raise MalformedTrees(f"{self.where}: `{name}` is missing.")
        return self.text[name]

    def integer(self, name: str) -> int:
        """Return a field of one whole number."""
        value = self.require(name)
        if not re.fullmatch(r"-?[0-9]{1,9}", value, re.ASCII):
            raise MalformedTrees(f"{self.where}: `{name}` must be a whole number, not {value[:40]!r}.")
        return int(value)

    def integers(self, name: str, length: int | None = None, *, missing: bool = False, loose: bool = False) -> Ints:
        """Return a field of whole numbers, `length` of them."""
        words = self._words(name, missing, loose)
        try:
            values = np.array([int(word) for word in words], dtype=np.int64)
        except (ValueError, OverflowError) as error:
            raise MalformedTrees(f"{self.where}: `{name}` must be whole numbers.") from error
        return self._sized(name, values, length)

    def floats(self, name: str, length: int | None = None, *, missing: bool = False, loose: bool = False) -> Floats:
        """Return a field of `length` numbers, finite except for thresholds and gains. An absent field is empty if `missing` allows that."""
        words = self._words(name, missing, loose)
        try:
            values = np.array([float(word) for word in words], dtype=np.float64)
        except ValueError as error:
            raise MalformedTrees(f"{self.where}: `{name}` must be numbers.") from error
        if name not in UNBOUNDED and not np.isfinite(values).all():
            raise MalformedTrees(f"{self.where}: `{name}` has a number too large to be one.")
        return values if missing and len(values) == 0 else self._sized(name, values, length)

    def _words(self, name: str, missing: bool, loose: bool) -> list[str]:
        value = self.text.get(name, "") if missing else self.require(name)
        if loose:
            value = " ".join(value.split())
        if value and not NUMBERS.fullmatch(value):
            raise MalformedTrees(f"{self.where}: `{name}` must be numbers with one space between them.")
        return value.split(" ") if value else []

    def _sized(self, name: str, values: A, length: int | None) -> A:
        if length is not None and len(values) != length:
            raise MalformedTrees(f"{self.where}: `{name}` has {len(values)} entries, not {length}.")
        return values
