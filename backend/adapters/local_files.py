"""The hub's files in the data folder."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from backend.files import DIGEST, DRAFT, UNLISTED, FileAltered, FileLost, digest_of, place, private_folder


class LocalFiles:
    """A folder of files, mode 0700 and 0600. Files from `write` have their digest beside them, in `<name>.sha256`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, draft: Path, sha256: str) -> None:
        """Move the draft to its place. The caller knows its digest."""
        path = self._made(name)
        draft.chmod(0o600)
        place(draft, path)

    def write(self, name: str, content: bytes) -> None:
        """Replace the content. Both digests lie beside the file meanwhile."""
        path, digest = self._made(name), hashlib.sha256(content).hexdigest()
        before = digest_of(path) if path.exists() else None
        self._lay(path.with_name(path.name + DIGEST), _lines(name, [digest, *([before] if before else [])]))
        self._lay(path, content)
        if before:
            self._lay(path.with_name(path.name + DIGEST), _lines(name, [digest]))

    def read(self, name: str, sha256: str | None = None) -> bytes:
        """Return the content. A file of an earlier release has no digest beside it and is not checked."""
        try:
            content = self._path(name).read_bytes()
        except FileNotFoundError as error:
            raise FileLost.at(name, self._folder) from error
        self._check(name, hashlib.sha256(content).hexdigest(), sha256)
        return content

    @contextmanager
    def open(self, name: str, sha256: str | None = None) -> Iterator[Path]:
        """Yield the file itself."""
        path = self._path(name)
        try:
            self._check(name, digest_of(path), sha256)
        except FileNotFoundError as error:
            raise FileLost.at(name, self._folder) from error
        yield path

    def fetch(self, name: str, sha256: str) -> Path:
        """Return the file itself; its reader checks it."""
        return self._path(name)

    def size(self, name: str) -> int | None:
        """Return the size in bytes; None without a file."""
        path = self._path(name)
        return path.stat().st_size if path.is_file() else None

    def delete(self, name: str) -> None:
        """Delete the file, then its digest."""
        path = self._path(name)
        path.unlink(missing_ok=True)
        path.with_name(path.name + DIGEST).unlink(missing_ok=True)

    def list(self, prefix: str) -> list[str]:
        """Return the names, sorted."""
        names = (path.relative_to(self._folder).as_posix() for path in self._path(prefix).rglob("*") if path.is_file() and path.suffix not in UNLISTED)
        return sorted(name for name in names if not name.rpartition("/")[2].startswith("."))

    def draft(self, name: str) -> Path:
        """Return a path beside the file's place, on the same disk."""
        path = self._made(name)
        draft = path.with_name(f"{path.name}.{uuid4().hex}{DRAFT}")
        draft.touch(0o600)
        return draft

    def clear_drafts(self, prefix: str) -> None:
        """Remove the drafts of this folder."""
        for draft in self._path(prefix).glob(f"*{DRAFT}"):
            draft.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / name

    def _made(self, name: str) -> Path:
        path = self._path(name)
        private_folder(path.parent)
        return path

    def _lay(self, path: Path, content: bytes) -> None:
        draft = path.with_name(f"{path.name}.{uuid4().hex}{DRAFT}")
        draft.touch(0o600)
        draft.write_bytes(content)
        place(draft, path)

    def _check(self, name: str, found: str, sha256: str | None) -> None:
        expected = [sha256] if sha256 else self._beside(name)
        if expected and found not in expected:
            raise FileAltered.at(name, self._folder)

    def _beside(self, name: str) -> Sequence[str]:
        try:
            lines = self._path(name + DIGEST).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [line.split()[0] for line in lines if line]


def _lines(name: str, digests: Iterable[str]) -> bytes:
    """Return digests from lines in the form of `sha256sum --check`."""
    return "".join(f"{digest}  {name.rpartition('/')[2]}\n" for digest in digests).encode()
