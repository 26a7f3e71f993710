"""The hub's files, in a folder and in object storage: whole or not there, and never read otherwise than written."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import obstore
import pytest

from backend.adapters import local_files
from backend.adapters.file_storage import open_files
from backend.adapters.local_files import LocalFiles
from backend.adapters.object_files import ObjectFiles
from backend.catalog.artifact_files import artifact_name, keep_bytes
from backend.files import FileAltered, FileLost, FilesAway
from backend.ports import Files
from backend.settings import BadSetting, Settings
from tests.support.infrastructure.object_storage import bucket

LARGE = os.urandom(11_000_000)
"""More than one part of an upload."""


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with bucket() as url:
        yield url


@pytest.fixture(params=["folder", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    if request.param == "folder":
        return LocalFiles(tmp_path / "data")
    url = f"{request.getfixturevalue('s3')}/{tmp_path.name}"
    return ObjectFiles(url, tmp_path / "cache")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put(files: Files, name: str, content: bytes) -> None:
    draft = files.draft(name)
    draft.write_bytes(content)
    files.put(name, draft, sha256(content))
    assert not draft.exists()


def alter(files: Files, name: str, content: bytes) -> None:
    """As a broken disk, or somebody with access to the storage, would."""
    if isinstance(files, LocalFiles):
        (files._folder / name).write_bytes(content)
    else:
        assert isinstance(files, ObjectFiles)
        attributes = obstore.get(files._store, name).attributes
        obstore.put(files._store, name, content, attributes=attributes)


def test_what_was_put_is_read_whatever_its_size(files: Files) -> None:
    for content in (b"", b"small", LARGE):
        name = f"archives/g/{len(content)}.parquet"
        put(files, name, content)
        assert files.read(name, sha256(content)) == content
        with files.open(name, sha256(content)) as path:
            assert path.read_bytes() == content
        assert files.size(name) == len(content)


def test_artifacts_are_fetched_and_stay_while_the_storage_has_them(files: Files) -> None:
    digest = keep_bytes(files, LARGE)
    path = files.fetch(artifact_name(digest), digest)
    assert sha256(path.read_bytes()) == digest
    assert files.fetch(artifact_name(digest), digest) == path


def test_names_are_listed_by_folder_without_what_lies_beside(files: Files) -> None:
    put(files, "archives/a/log.parquet", b"1")
    files.write("archives/a/manifest.json", b"{}")
    files.write("archives/b/manifest.json", b"{}")
    files.draft("archives/a/log.parquet").write_bytes(b"half")
    assert list(files.list("archives/a")) == ["archives/a/log.parquet", "archives/a/manifest.json"]
    assert list(files.list("archives")) == ["archives/a/log.parquet", "archives/a/manifest.json", "archives/b/manifest.json"]
    assert list(files.list("nothing")) == []


def test_deleting_is_for_good_and_twice_is_no_error(files: Files) -> None:
    files.write("archives/a/manifest.json", b"{}")
    for _ in range(2):
        files.delete("archives/a/manifest.json")
        assert files.size("archives/a/manifest.json") is None
        with pytest.raises(FileLost, match=r"archives/a/manifest\.json is not in .*Restore it from a backup"):
            files.read("archives/a/manifest.json")
    with pytest.raises(FileLost), files.open("archives/a/manifest.json"):
        pass


@pytest.mark.parametrize("known", [True, False], ids=["digest known", "digest kept with it"])
def test_what_was_altered_is_refused_with_words(files: Files, known: bool) -> None:
    name, content = "archives/a/dead-letters.jsonl", b'{"entry": 1}\n' * 100
    files.write(name, content)
    assert files.read(name) == content
    alter(files, name, content.replace(b"1", b"2"))
    with pytest.raises(FileAltered, match=r"dead-letters\.jsonl in .* differs from what was written.*Restore it"):
        files.read(name, sha256(content) if known else None)
    with pytest.raises(FileAltered), files.open(name, sha256(content) if known else None):
        pass
    files.write(name, content)
    assert files.read(name) == content


def test_a_file_written_over_again_is_the_later_one(files: Files) -> None:
    for n in range(3):
        files.write("archives/a/manifest.json", b"%d" % n)
        assert files.read("archives/a/manifest.json") == b"%d" % n


def test_a_writer_cut_off_anywhere_leaves_the_earlier_or_the_later_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, real = LocalFiles(tmp_path), local_files.place
    for step in range(3):
        files.write("archives/a/manifest.json", b"before")
        places = iter(range(9))

        def cut_off(draft: Path, path: Path, step: int = step, places: Iterator[int] = places) -> None:
            if next(places) == step:
                raise KeyboardInterrupt
            real(draft, path)

        monkeypatch.setattr(local_files, "place", cut_off)
        with pytest.raises(KeyboardInterrupt):
            files.write("archives/a/manifest.json", b"after")
        monkeypatch.setattr(local_files, "place", real)
        assert files.read("archives/a/manifest.json") == (b"after" if step == 2 else b"before")


def test_a_cached_artifact_that_is_damaged_is_fetched_again(s3: str, tmp_path: Path) -> None:
    files = ObjectFiles(s3, tmp_path / "cache")
    digest = keep_bytes(files, b"a model")
    cached = files.fetch(artifact_name(digest), digest)
    cached.write_bytes(b"a modem")
    assert files.fetch(artifact_name(digest), digest).read_bytes() == b"a model"
    alter(files, artifact_name(digest), b"a modem")
    cached.unlink()
    with pytest.raises(FileAltered):
        files.fetch(artifact_name(digest), digest)
    assert not list((tmp_path / "cache").rglob("copies/*")), "a copy that is wrong does not stay"


def test_an_object_that_somebody_else_wrote_is_not_taken_for_the_hubs(s3: str, tmp_path: Path) -> None:
    files = ObjectFiles(s3, tmp_path / "cache")
    obstore.put(files._store, "archives/a/manifest.json", b"{}")
    with pytest.raises(FileAltered):
        files.read("archives/a/manifest.json")


def test_storage_that_does_not_answer_is_named_with_its_settings(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    files = ObjectFiles(s3, tmp_path / "cache")
    with pytest.raises(FilesAway, match=r"object storage s3://.* Check TILTYARD_FILES_URL"):
        files.read("archives/a/manifest.json")


def test_only_addresses_of_s3_are_taken(tmp_path: Path) -> None:
    for url in ("https://example.org/x", "bucket", "s3:/"):
        with pytest.raises(BadSetting, match="TILTYARD_FILES_URL cannot be used"):
            open_files(Settings(data_dir=tmp_path, files_url=url))
    assert isinstance(open_files(Settings(data_dir=tmp_path)), LocalFiles)


def test_files_are_readable_by_their_owner_only(files: Files, tmp_path: Path) -> None:
    digest = keep_bytes(files, b"a model")
    files.fetch(artifact_name(digest), digest)
    files.write("archives/a/manifest.json", b"{}")
    for path in tmp_path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_bucket_that_is_not_there_is_no_lost_file(s3: str, tmp_path: Path) -> None:
    files = ObjectFiles(f"s3://no-such-bucket-{uuid4().hex[:8]}/hub", tmp_path / "cache")
    for attempt in (lambda: files.write("a.json", b"{}"), lambda: files.read("a.json"), lambda: files.list("")):
        with pytest.raises(FilesAway, match="TILTYARD_FILES_URL"):
            attempt()
