"""The backup's file: a tar with a manifest, and a SHA-256 for each of its members."""

import hashlib
import io
import os
import shutil
import tarfile
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec

from backend.adapters.processes import SetupError, write_private
from schemas.common import Shape

FORMAT = 1


class BackupMember(Shape, frozen=True, kw_only=True):
    """One file of the archive."""

    bytes: int
    sha256: str


class BackupManifest(Shape, frozen=True, kw_only=True):
    """The archive's contents. Its last member, `manifest.json`, describes all others."""

    format: int
    created_at: datetime
    version: str
    revision: str | None
    secret_fingerprint: str
    tables: dict[str, int]
    """Rows of each table at the moment of the dump."""
    members: dict[str, BackupMember]


class RedisKey(Shape, frozen=True, kw_only=True):
    """One key, as Redis's own DUMP returns it."""

    key: bytes
    dump: bytes
    milliseconds: int
    """Time to live in milliseconds; 0 means forever."""


def read_manifest(archive: Path) -> BackupManifest:
    """Return the archive's manifest. Raises SetupError for a file that is no backup, or has a newer format."""
    try:
        with tarfile.open(archive) as tar:
            manifest = msgspec.json.decode(read_member(tar, "manifest.json"), type=BackupManifest)
    except (OSError, tarfile.TarError, KeyError, msgspec.MsgspecError) as error:
        raise SetupError(f"{archive} is no readable backup: {error}") from error
    if manifest.format != FORMAT:
        raise SetupError(
            f"{archive} has format {manifest.format}; this release reads format {FORMAT}. Restore it with the release that made it ({manifest.version})."
        )
    return manifest


def verify(archive: Path, manifest: BackupManifest) -> None:
    """Check that every member exists and has its SHA-256. Raises SetupError with the first bad member."""
    with tarfile.open(archive) as tar:
        for name, expected in manifest.members.items():
            try:
                found = _sha256(_open(tar, name))
            except (KeyError, OSError, tarfile.TarError) as error:
                raise SetupError(f"{archive} is damaged: {name} cannot be read ({error}). Use another backup.") from error
            if found != expected.sha256:
                raise SetupError(f"{archive} is damaged: {name} differs from what was written. Use another backup.")


def fingerprint(secret_key: str) -> str:
    """Return the start of a secret's hash: enough to tell two secrets apart."""
    return hashlib.sha256(f"tiltyard:{secret_key}".encode()).hexdigest()[:16]


class Packer:
    """Writes an archive, mode 0600: members one by one, each hashed while it is written, then the manifest."""

    def __init__(self, target: Path) -> None:
        write_private(target, "")
        self._file = target.open("wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w")  # noqa: SIM115 (closed by finish)
        self.members: dict[str, BackupMember] = {}

    def add(self, name: str, path: Path) -> None:
        """Copy a file as it is now. Raises FileNotFoundError, and SetupError when the file changes in place meanwhile."""
        with path.open("rb") as file:
            self._add(name, file, os.fstat(file.fileno()).st_size)

    def finish(self, manifest: BackupManifest) -> None:
        """Write the manifest and sync the archive to disk."""
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        header = tarfile.TarInfo("manifest.json")
        header.size, header.mode = len(text), 0o600
        self._tar.addfile(header, io.BytesIO(text))
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def _add(self, name: str, file: IO[bytes], size: int) -> None:
        header = tarfile.TarInfo(name)
        header.size, header.mode = size, 0o600
        hashed = _Hashed(file)
        try:
            self._tar.addfile(header, hashed)
        except tarfile.ReadError as error:
            raise SetupError(f"{name} was changed during the copy. Run the backup again.") from error
        self.members[name] = BackupMember(bytes=size, sha256=hashed.digest.hexdigest())


class _Hashed(io.RawIOBase):
    """A file that hashes what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block


def read_member(tar: tarfile.TarFile, name: str) -> bytes:
    """Return a small member, whole. Raises KeyError."""
    return _open(tar, name).read()


def copy_out(tar: tarfile.TarFile, name: str, target: Path) -> None:
    """Copy a member into a file, mode 0600, synced to disk."""
    write_private(target, "")
    with target.open("wb") as file:
        shutil.copyfileobj(_open(tar, name), file)
        file.flush()
        os.fsync(file.fileno())


def _open(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    member = tar.extractfile(name)
    if member is None:
        raise KeyError(f"{name} is no file")
    return member


def _sha256(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()
