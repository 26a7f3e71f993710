"""Bytes stored under their SHA-256."""

import hashlib

from backend.ports import Files


def artifact_name(sha256: str) -> str:
    """Return the name of the file with this digest."""
    return f"artifacts/{sha256[:2]}/{sha256}"


def keep_bytes(files: Files, content: bytes) -> str:
    """Store the bytes and return their digest. A crash leaves the whole file or none."""
    digest = hashlib.sha256(content).hexdigest()
    draft = files.draft(artifact_name(digest))
    draft.write_bytes(content)
    files.put(artifact_name(digest), draft, digest)
    return digest
