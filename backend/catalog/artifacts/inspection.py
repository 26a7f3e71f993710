"""Inspection of every uploaded artifact: its kind, and whether its structure is sound."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from backend.catalog.artifacts import errors
from backend.catalog.artifacts.facts import ArtifactFacts
from backend.catalog.artifacts.lightgbm import lightgbm_facts
from backend.catalog.artifacts.linear import linear_facts
from backend.catalog.artifacts.onnx_model import onnx_facts
from backend.catalog.artifacts.recognition import recognise
from backend.catalog.artifacts.xgboost import xgboost_facts
from schemas.catalog import ArtifactKind

LIMIT_BYTES = 256 * 1024 * 1024

READERS: dict[ArtifactKind, Callable[[bytes, str], ArtifactFacts]] = {
    ArtifactKind.LIGHTGBM: lightgbm_facts,
    ArtifactKind.XGBOOST: xgboost_facts,
    ArtifactKind.ONNX: onnx_facts,
    ArtifactKind.LINEAR: linear_facts,
}


def inspect(path: Path, limit_bytes: int = LIMIT_BYTES) -> ArtifactFacts:
    """Return the facts of the artifact at `path`.

    Nothing in the file runs, and no model library loads it. Raises an `UnservableArtifact` or `ArtifactTooLarge` that says what is wrong and what to do. It
    reads the whole file, which may take seconds: call it in a thread.
    """
    size = path.stat().st_size
    if size > limit_bytes:
        raise errors.ArtifactTooLarge(f"The artifact has {size:,} bytes; this hub takes up to {limit_bytes:,}.", size_bytes=size, limit_bytes=limit_bytes)
    kind = recognise(path)
    content = path.read_bytes()
    return READERS[kind](content, hashlib.sha256(content).hexdigest())
