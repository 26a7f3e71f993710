"""Stores compiled explainers as files, so that a new process need not compile them again."""

import contextlib
import hashlib
import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from backend.numerics.attribution.compiled import CompiledExplainer

TABLES_KEPT = 2
"""Most stored tables of one model. A new table removes those of other backgrounds and releases."""
SUFFIX = ".table"
DIGEST_BYTES = 32


def table_path(model: Path, background: str | None) -> Path:
    """Return the path of a table, beside the model's file. Its name has the background's digest and that of the compiling code."""
    return model.with_name(f"{model.name}.{(background or 'path-dependent')[:16]}.{_release()}{SUFFIX}")


def load_table(path: Path, read: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> CompiledExplainer | None:
    """Return the stored explainer, for a forest that reads its rows in this way; None if there is none, or an incomplete one."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, packed = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
    if hashlib.sha256(packed).digest() != digest:
        return None
    with np.load(io.BytesIO(packed), allow_pickle=False) as found:
        base, features, deep_leaves = found["facts"].tolist()
        nodes, deep = (tuple(found[f"{name}{at}"] for at in range(count)) for name, count in (("nodes", 5), ("deep", 10)))
        program, groups, columns, table = (found[name] for name in ("program", "groups", "columns", "table"))
    return CompiledExplainer(base, int(features), table.nbytes, int(deep_leaves), (nodes, program, groups, columns, table, deep), read)


def keep_table(path: Path, explainer: CompiledExplainer) -> None:
    """Store an explainer, whole or not at all. A read-only folder is no error: the next process compiles again."""
    nodes, program, groups, columns, table, deep = explainer.arguments
    facts = np.array([explainer.base, explainer.features, explainer.deep_leaves], dtype=np.float64)
    named: dict[str, Any] = {"facts": facts, "program": program, "groups": groups, "columns": columns, "table": table}
    named |= {f"nodes{at}": part for at, part in enumerate(nodes)} | {f"deep{at}": part for at, part in enumerate(deep)}
    packed = io.BytesIO()
    np.savez(packed, **named)
    content = packed.getvalue()
    fresh = path.with_name(f".{uuid4().hex}{SUFFIX}")
    with contextlib.suppress(OSError):
        try:
            fresh.write_bytes(hashlib.sha256(content).digest() + content)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
        tables = sorted(path.parent.glob(f"{path.name.split('.')[0]}.*{SUFFIX}"), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in tables[TABLES_KEPT:]:
            old.unlink(missing_ok=True)


@cache
def _release() -> str:
    """Return a short digest of the compiling code: another release makes its own tables."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
