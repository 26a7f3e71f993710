"""Reads an artifact and checks it in one step."""

import hashlib
from pathlib import Path

from backend.runtimes.errors import ArtifactChanged, ArtifactGone


def read_checked(path: Path, sha256: str) -> bytes:
    """Return the artifact's bytes with this SHA-256. These bytes are loaded, so nothing can change between check and load."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ArtifactGone(f"The artifact {sha256[:12]}… is not in the data folder. Restore the folder, or upload the artifact again.") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ArtifactChanged(f"The artifact {sha256[:12]}… has changed since it was checked. It is not loaded; upload it again.")
    return content
