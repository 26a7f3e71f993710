"""Files that are complete or absent, and their errors."""

import hashlib
import os
from pathlib import Path

from backend.errors import HubError, Unavailable

DRAFT, DIGEST = ".draft", ".sha256"
UNLISTED = (DRAFT, DIGEST, ".table")
"""Suffixes of helper files that are not the hub's files: drafts, digests, compiled tables."""


class FileLost(HubError):
    """A file of the hub is missing from its storage. Restore it from a backup."""

    @classmethod
    def at(cls, name: str, where: object) -> "FileLost":
        """Return the error with the file's name and place."""
        return cls(f"The file {name} is not in {where}. Restore it from a backup, and try again.", file=name)


class FileAltered(HubError):
    """A file of the hub differs from what was written. Restore it from a backup."""

    @classmethod
    def at(cls, name: str, where: object) -> "FileAltered":
        """Return the error with the file's name and place."""
        return cls(f"The file {name} in {where} differs from what was written: its SHA-256 is another. Restore it from a backup, and try again.", file=name)


class FilesAway(Unavailable):
    """The object storage that keeps the hub's files does not answer. Try again shortly."""

    @classmethod
    def at(cls, name: str, where: object, error: Exception) -> "FilesAway":
        """Return the error with the first line of the storage's message."""
        said = str(error).splitlines()[0][:300]
        return cls(f"The object storage {where} failed on {name}: {said} Check TILTYARD_FILES_URL and the AWS_ variables, or try again shortly.")


def place(draft: Path, path: Path) -> None:
    """Move a draft to its place on disk in one step: a crash leaves the whole file or none."""
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def private_folder(folder: Path) -> Path:
    """Make a folder and its missing parents, each accessible to its owner only."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    return folder


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
