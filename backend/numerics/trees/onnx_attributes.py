"""A node's attributes as numpy arrays."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from backend.numerics.trees.forest import Floats, Ints

if TYPE_CHECKING:
    from onnx import AttributeProto, NodeProto


@dataclass(frozen=True)
class Attributes:
    """Attributes by name; a list of numbers may be written as a list or as a tensor (`…_as_tensor` for doubles)."""

    given: "dict[str, AttributeProto]"

    @classmethod
    def of(cls, node: "NodeProto") -> Self:
        """Return the attributes of a node."""
        return cls({entry.name: entry for entry in node.attribute})

    def floats(self, name: str) -> Floats:
        """Return numbers; none if they are absent."""
        for found in (self.given.get(name), self.given.get(f"{name}_as_tensor")):
            if found is not None and len(found.floats):
                return np.array(found.floats, dtype=np.float32).astype(np.float64)
            if found is not None and found.HasField("t"):
                from onnx import numpy_helper  # noqa: PLC0415  heavy: loaded with the first model of its kind

                return np.asarray(numpy_helper.to_array(found.t), dtype=np.float64).reshape(-1)
        return np.empty(0)

    def ints(self, name: str) -> Ints:
        """Return whole numbers; none if they are absent."""
        return np.array(self.given[name].ints if name in self.given else [], dtype=np.int64)

    def texts(self, name: str) -> list[str]:
        """Return texts; none if they are absent."""
        return [raw.decode() for raw in self.given[name].strings] if name in self.given else []

    def text(self, name: str, default: str) -> str:
        """Return one text."""
        return self.given[name].s.decode() or default if name in self.given else default

    def integer(self, name: str, default: int) -> int:
        """Return one whole number."""
        return int(self.given[name].i) if name in self.given else default

    def length(self, name: str) -> int:
        """Return the number of whole numbers or texts in a list."""
        return max(len(self.given[name].ints), len(self.given[name].strings)) if name in self.given else 0
