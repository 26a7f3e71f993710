"""Cuts a forest into lookups.

A leaf's contributions depend only on the features of its path: on whether each meets all its conditions on the path. A subtree's contributions depend on the
same facts for the features above it, and on the decisions of its own nodes. With `bits` such yes-or-no facts, a table of 2^bits rows holds every case, and one
lookup serves all leaves of the subtree. Subtrees are as large as `group_bits` allows. A single leaf may have up to `leaf_bits`. A leaf with more features on
its path is *deep*, and is evaluated row by row.
"""

from dataclasses import dataclass, field

import numpy as np

from backend.numerics.trees.forest import Forest, Tree

GROUP, DEEP = 126, 127
"""Operations of the program. A step down an edge is 2 slot + side."""


@dataclass(frozen=True)
class PlannedLeaf:
    """A leaf: its value, the slots of its path (feature, and share of cover that follows the path), its conditions, and its place. `conditions` are (slot,
    node, goes left). `group` is -1 for a deep leaf. `masks` and `wanted` give, for each slot, the group's bits that count and their required values.
    """

    value: float
    features: list[int]
    shares: list[float]
    conditions: list[tuple[int, int, int]]
    group: int
    masks: list[int]
    wanted: list[int]


@dataclass
class AttributionPlan:
    """The program over all trees, its groups (path slots, first node, nodes) with their columns, and its leaves.

    A step of the program is its operation, the level of the tree, and the number of the node, group or leaf.
    """

    program: list[tuple[int, int, int]] = field(default_factory=list)
    groups: list[tuple[int, int, int]] = field(default_factory=list)
    columns: list[list[int]] = field(default_factory=list)
    leaves: list[PlannedLeaf] = field(default_factory=list)
    node_order: list[tuple[int, int]] = field(default_factory=list)
    levels: int = 1
    base: float = 0.0

    @property
    def cells(self) -> int:
        """Return the numbers in the table."""
        return sum((1 << (slots + nodes)) * len(columns) for (slots, _, nodes), columns in zip(self.groups, self.columns, strict=True))

    @property
    def deep(self) -> int:
        """Return how many leaves are evaluated row by row."""
        return sum(leaf.group < 0 for leaf in self.leaves)


def plan(forest: Forest, group_bits: int, leaf_bits: int) -> AttributionPlan:
    """Return the plan of a forest within the limits. Without covers, both branches of a split have the share 1/2; such a plan serves only for explanations
    against a background, which need no shares.
    """
    made = AttributionPlan()
    for number, tree in enumerate(forest.trees):
        if tree.leaves > 1:
            _Cut(made, number, tree, group_bits, leaf_bits, forest.covered).root()
        else:
            made.base += float(tree.leaf_value[0])
    return made


@dataclass
class _Path:
    """The path down to a node: slots by feature, the share of each, the conditions so far."""

    slots: dict[int, int]
    shares: list[float]
    conditions: list[tuple[int, int, int]]
    cover: float

    def down(self, feature: int, node: int, left: int, share: float) -> "_Path":
        """Return the path one step further."""
        slots, shares = dict(self.slots), list(self.shares)
        slot = slots.setdefault(feature, len(slots))
        if slot == len(shares):
            shares.append(1.0)
        shares[slot] *= share
        return _Path(slots, shares, [*self.conditions, (slot, node, left)], self.cover * share)


class _Cut:
    """Cuts one tree."""

    def __init__(self, made: AttributionPlan, number: int, tree: Tree, group_bits: int, leaf_bits: int, covered: bool) -> None:
        self.made, self.number, self.tree, self.covered = made, number, tree, covered
        self.group_bits, self.leaf_bits = group_bits, leaf_bits
        self.inner = self._inner()

    def _inner(self) -> list[int]:
        """Return the number of inner nodes in the subtree of each node."""
        order, counts = [0], [1] * (self.tree.leaves - 1)
        for node in order:
            order.extend(int(child) for child in (self.tree.left[node], self.tree.right[node]) if child >= 0)
        for node in reversed(order):
            counts[node] += sum(counts[child] for child in (self.tree.left[node], self.tree.right[node]) if child >= 0)
        return counts

    def root(self) -> None:
        """Cut the tree from its root, depth first, with its own stack."""
        stack: list[tuple[int, int, _Path, tuple[int, int, int] | None]] = [(0, 0, _Path({}, [], [], 1.0), None)]
        while stack:
            child, level, path, edge = stack.pop()
            if edge is not None:
                number, side, slot = edge
                self.made.program.append((2 * slot + side, level, number))
            self.made.levels = max(self.made.levels, level + 1)
            if self._fits(child, len(path.slots)):
                self._group(child, level, path)
            else:
                number = self._number(child)
                for side in (0, 1):
                    below, further = self._step(child, number, side, path)
                    stack.append((below, level + 1, further, (number, side, further.conditions[-1][0])))

    def _number(self, node: int) -> int:
        """Number nodes in the order of the visit, so that those of a group follow each other."""
        self.made.node_order.append((self.number, node))
        return len(self.made.node_order) - 1

    def _step(self, node: int, number: int, left: int, path: _Path) -> tuple[int, _Path]:
        child = int((self.tree.left if left else self.tree.right)[node])
        share = self.tree.cover(child) / self.tree.cover(node) if self.covered else 0.5
        further = path.down(int(self.tree.feature[node]), number, left, share)
        return child, further

    def _fits(self, child: int, slots: int) -> bool:
        return child < 0 or slots + self.inner[child] <= self.group_bits

    def _group(self, child: int, level: int, path: _Path) -> None:
        slots, first = len(path.slots), len(self.made.node_order)
        if child < 0 and slots > self.leaf_bits:
            self.made.program.append((DEEP, level, len(self.made.leaves)))
            self._leaf(child, path, -1, slots, first)
            return
        group = len(self.made.groups)
        self.made.groups.append((slots, first, 0))
        self.made.columns.append(list(path.slots))
        self.made.program.append((GROUP, level, group))
        self._below(child, path, group, slots, first)
        self.made.groups[group] = (slots, first, len(self.made.node_order) - first)

    def _below(self, child: int, path: _Path, group: int, slots: int, first: int) -> None:
        """Plan every leaf of a group's subtree. The depth of the recursion is at most the group's number of bits."""
        if child < 0:
            self._leaf(child, path, group, slots, first)
            return
        number = self._number(child)
        for side in (1, 0):
            below, further = self._step(child, number, side, path)
            self._below(below, further, group, slots, first)

    def _leaf(self, child: int, path: _Path, group: int, slots: int, first: int) -> None:
        masks = [1 << slot if slot < slots else 0 for slot in range(len(path.slots))]
        wanted = list(masks)
        for slot, node, left in path.conditions:
            if group >= 0 and node >= first:
                bit = 1 << (slots + node - first)
                masks[slot] |= bit
                wanted[slot] |= bit if left else 0
        value = float(self.tree.leaf_value[-child - 1])
        if group >= 0:
            columns = self.made.columns[group]
            columns.extend(feature for feature in path.slots if feature not in columns)
        self.made.base += value * path.cover
        self.made.leaves.append(PlannedLeaf(value, list(path.slots), path.shares, path.conditions, group, masks, wanted))


def ragged(lists: list[list[int]]) -> tuple["np.ndarray[tuple[int], np.dtype[np.int64]]", "np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    """Return lists as one array, and the start of each within it, with the end of the last.

    >>> [part.tolist() for part in ragged([[1, 2], [], [3]])]
    [[1, 2, 3], [0, 2, 2, 3]]
    """
    starts = np.zeros(len(lists) + 1, dtype=np.int64)
    np.cumsum([len(part) for part in lists], out=starts[1:])
    return np.array([item for part in lists for item in part], dtype=np.int64), starts
