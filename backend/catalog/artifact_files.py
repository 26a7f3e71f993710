"""Bytes kept under their SHA-256, beside the artifacts."""

import hashlib
import os
from pathlib import Path
from uuid import uuid4


def artifact_path(files: Path, sha256: str) -> Path:
    """Where the bytes with this digest are kept."""
    return files / "artifacts" / sha256[:2] / sha256


def keep_bytes(files: Path, content: bytes) -> str:
    """Keep the bytes and give their digest. A crash leaves the whole file or none."""
    digest = hashlib.sha256(content).hexdigest()
    kept = artifact_path(files, digest)
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_name(f".{uuid4().hex}")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.chmod(0o440)
    fresh.replace(kept)
    return digest
