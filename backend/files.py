"""Files that are whole or not there, and what can be wrong with one."""

import hashlib
import os
from pathlib import Path

from backend.errors import HubError, Unavailable

DRAFT, DIGEST = ".draft", ".sha256"
UNLISTED = (DRAFT, DIGEST, ".table")
"""Suffixes of what lies beside files and is none of the hub's files: drafts, digests, compiled tables."""


class FileLost(HubError):
    """A file of the hub is gone from where it is kept. Bring it back from a backup."""

    @classmethod
    def at(cls, name: str, where: object) -> "FileLost":
        """Named, with the place it should be at."""
        return cls(f"The file {name} is not in {where}. Bring it back from a backup, and try again.", file=name)


class FileAltered(HubError):
    """A file of the hub is not what was written. Bring it back from a backup."""

    @classmethod
    def at(cls, name: str, where: object) -> "FileAltered":
        """Named, with the place it was read from."""
        return cls(f"The file {name} in {where} is not what was written: its SHA-256 differs. Bring it back from a backup, and try again.", file=name)


class FilesAway(Unavailable):
    """The object storage that keeps the hub's files does not answer. Try again shortly."""

    @classmethod
    def at(cls, name: str, where: object, error: Exception) -> "FilesAway":
        """With the first line of what it said."""
        said = str(error).splitlines()[0][:300]
        return cls(f"The object storage {where} does not give or take {name}: {said} Check TILTYARD_FILES_URL and the AWS_ variables, or try again shortly.")


def place(draft: Path, path: Path) -> None:
    """Put a draft in its place, on disk, in one step: a crash leaves the whole file or none."""
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def private_folder(folder: Path) -> Path:
    """Make a folder and those above it that are missing, each for its owner only."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    return folder


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
