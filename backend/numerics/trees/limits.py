"""Limits on a model's size."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TreeLimits:
    """The largest sizes that the readers take."""

    trees: int = 20_000
    leaves: int = 131_072
    nodes: int = 5_000_000
    features: int = 10_000
    depth: int = 512
