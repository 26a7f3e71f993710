"""The hub's files in S3-compatible object storage. Each object carries its SHA-256 as metadata."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import IO
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from backend.files import DRAFT, FileAltered, FileLost, FilesAway, digest_of, private_folder

SHA256 = "sha256"
_CLIENT = {"timeout": timedelta(minutes=15), "connect_timeout": timedelta(seconds=5)}
_RETRIES = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}


class ObjectFiles:
    """A bucket, or a prefix in one. Artifacts are kept in a local cache; other files are copied for each reading."""

    def __init__(self, url: str, cache: Path) -> None:
        """`s3://bucket/prefix`; region, endpoint and keys come from the usual `AWS_…` variables. Raises ValueError for another address."""
        if not url.startswith("s3://"):
            raise ValueError("it looks like s3://bucket or s3://bucket/prefix")
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
        given = {"endpoint": endpoint} if endpoint else {}
        plain = {"allow_http": True} if endpoint.startswith("http://") else {}
        self._store = S3Store.from_url(url, client_options={**_CLIENT, **plain}, retry_config=_RETRIES, **given)  # type: ignore[arg-type]
        self._url = url.rstrip("/")
        self._cache = cache

    def put(self, name: str, draft: Path, sha256: str) -> None:
        """Send the draft. An artifact stays in the cache; any other draft is deleted. Raises FileAltered when the draft has another digest."""
        if digest_of(draft) != sha256:
            raise FileAltered.at(name, draft.parent)
        with _reaching(name, self._url):
            obstore.put(self._store, name, draft, attributes={SHA256: sha256})
        if name.rpartition("/")[2] == sha256:
            draft.chmod(0o600)
            draft.replace(self._made(name))
        else:
            draft.unlink()

    def write(self, name: str, content: bytes) -> None:
        """Write digest and content together."""
        with _reaching(name, self._url):
            obstore.put(self._store, name, content, attributes={SHA256: hashlib.sha256(content).hexdigest()})

    def read(self, name: str, sha256: str | None = None) -> bytes:
        """Return the content, in memory."""
        with _reaching(name, self._url):
            found = obstore.get(self._store, name)
            content = bytes(found.bytes())
        if hashlib.sha256(content).hexdigest() != (sha256 or found.attributes.get(SHA256)):
            raise FileAltered.at(name, self._url)
        return content

    @contextmanager
    def open(self, name: str, sha256: str | None = None) -> Iterator[Path]:
        """Yield a copy, deleted at the end."""
        copy = self._made(f"copies/{uuid4().hex}")
        try:
            self._copy(name, sha256, copy)
            yield copy
        finally:
            copy.unlink(missing_ok=True)

    def fetch(self, name: str, sha256: str) -> Path:
        """Return a copy in the cache. A changed copy is fetched again."""
        kept = self._made(name)
        with suppress(FileNotFoundError):
            if digest_of(kept) == sha256:
                return kept
        copy = self._made(f"copies/{uuid4().hex}")
        try:
            self._copy(name, sha256, copy)
            copy.replace(kept)
        finally:
            copy.unlink(missing_ok=True)
        return kept

    def size(self, name: str) -> int | None:
        """Return the size in bytes; None without an object."""
        try:
            with _reaching(name, self._url):
                return obstore.head(self._store, name)["size"]
        except FileLost:
            return None

    def delete(self, name: str) -> None:
        """Delete the object; a missing one is no error."""
        with suppress(FileLost), _reaching(name, self._url):
            obstore.delete(self._store, name)
        self._path(name).unlink(missing_ok=True)

    def list(self, prefix: str) -> list[str]:
        """Return the names, sorted."""
        with _reaching(prefix, self._url):
            return sorted(one["path"] for chunk in obstore.list(self._store, prefix=prefix) for one in chunk)

    def draft(self, name: str) -> Path:
        """Return a path on this machine until the file is put."""
        path = self._made(name)
        draft = path.with_name(f"{path.name}.{uuid4().hex}{DRAFT}")
        draft.touch(0o600)
        return draft

    def clear_drafts(self, prefix: str) -> None:
        """Remove the drafts of this machine; other machines remove theirs."""
        for draft in self._path(prefix).glob(f"*{DRAFT}"):
            draft.unlink(missing_ok=True)

    def _copy(self, name: str, sha256: str | None, target: Path) -> None:
        with _reaching(name, self._url), target.open("xb") as file:
            target.chmod(0o600)
            found = obstore.get(self._store, name)
            digest = _pour(found, file)
        if digest != (sha256 or found.attributes.get(SHA256)):
            raise FileAltered.at(name, self._url)

    def _path(self, name: str) -> Path:
        return self._cache / name

    def _made(self, name: str) -> Path:
        path = self._path(name)
        private_folder(path.parent)
        return path


def _pour(found: "obstore.GetResult", file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    for block in found:
        digest.update(block)
        file.write(block)
    return digest.hexdigest()


@contextmanager
def _reaching(name: str, url: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):  # nothing is lost: the address is wrong
            raise FilesAway.at(name, url, error) from error
        raise FileLost.at(name, url) from error
    except BaseError as error:
        raise FilesAway.at(name, url, error) from error
