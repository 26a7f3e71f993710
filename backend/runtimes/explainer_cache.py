"""The compiled explainers of one model: compiled at first use, and kept."""

import hashlib
import threading
from pathlib import Path

import numpy as np

from backend.numerics.attribution.compiled import CompiledExplainer
from backend.numerics.attribution.limits import compiles
from backend.numerics.attribution.storing import keep_table, load_table, table_path
from backend.numerics.trees.forest import Forest
from backend.runtimes.protocol import ExplanationBatch, Floats, Space

PATH_DEPENDENT, INTERVENTIONAL = "tree_path_dependent", "tree_interventional"
EXPLAINERS_KEPT = 2
"""Explainers that a model keeps: usually the path-dependent one and the current background's."""


LEAVES_AT_ONCE = 5_000
"""Leaves of a forest that the answering process compiles itself. Single compiler steps hold the GIL and block its event loop: 0.1 s at 12,000 leaves, 1 s at
190,000.
"""


class Explainers:
    """Compiles one explainer at a time, so that two threads do not repeat the work."""

    def __init__(self, forest: Forest, file: Path) -> None:
        """`forest` is of a model's file, beside which compiled tables are stored. Nothing is compiled yet."""
        self.compiles = compiles(forest)
        self._covered = forest.covered
        self._large = sum(tree.leaves for tree in forest.trees) > LEAVES_AT_ONCE
        self._forest = forest
        self._file = file
        self._made: dict[str | None, CompiledExplainer] = {}
        self._lock = threading.Lock()

    def take(self, background: Floats | None) -> bool:
        """Return whether tables explain the forest against `background`, or path-dependently without one."""
        return self.compiles and (self._covered or (background is not None and len(background) > 0))

    def at_hand(self, background: Floats | None) -> bool:
        """Return whether the tables against `background` exist, or can compile immediately."""
        if not self._large or not self.take(background):
            return True
        digest = _digest(_rows(background))
        return digest in self._made or table_path(self._file, digest).exists()

    def of(self, background: Floats | None) -> tuple[CompiledExplainer, str, str | None]:
        """Return the explainer, its method, and the background's SHA-256. Raises `CannotCompile`."""
        rows = _rows(background)
        digest = _digest(rows)
        with self._lock:
            if digest not in self._made:
                self._make(digest, rows)
            found = self._made[digest]
        return found, PATH_DEPENDENT if rows is None else INTERVENTIONAL, digest

    def explain(self, matrix: Floats, background: Floats | None, margin: Floats, space: Space) -> ExplanationBatch:
        """Explain a matrix [n, f] exactly. The residual is the difference to `margin` [n]. Raises `CannotCompile`."""
        found, method, digest = self.of(background)
        values = found(matrix)
        return ExplanationBatch(method, True, space, found.base, values, margin - found.base - values.sum(axis=1), background=digest)

    def _make(self, digest: str | None, rows: Floats | None) -> None:
        while len(self._made) >= EXPLAINERS_KEPT:
            self._made.pop(next(iter(self._made)))
        kept = table_path(self._file, digest)
        found = load_table(kept, self._forest.read)
        if found is None:
            found = CompiledExplainer.compile(self._forest, rows)
            keep_table(kept, found)
        self._made[digest] = found


def _rows(background: Floats | None) -> Floats | None:
    return None if background is None or len(background) == 0 else np.ascontiguousarray(background, dtype=np.float64)


def _digest(rows: Floats | None) -> str | None:
    return None if rows is None else hashlib.sha256(rows.tobytes()).hexdigest()
