"""The manifest beside an archive, which proves it complete. Both are put in place so that an interruption leaves nothing false.

Every writer here holds the lock on the group's archives (`hold`).
"""

from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.long_locks import lock_within
from backend.files import FileAltered, FileLost
from backend.inference_log.errors import ArchivesBusy
from backend.ports import Files
from schemas.common import Shape

WAIT_SECONDS = 20.0
NEXT = ".next"


class ArchiveManifest(Shape, frozen=True, kw_only=True):
    """An archive's contents and digest."""

    group_id: UUID
    slug: str
    table_name: str
    file: str
    rows: int
    sha256: str
    columns: list[str]
    first_inference: UUID | None
    last_inference: UUID | None
    erased_rows: int = 0
    """Rows whose entity was erased since."""
    dead_letters: int = 0
    """Entries that could not be stored. They went to `dead-letters.jsonl` when the log was dropped."""


async def hold(session: AsyncSession, group_id: UUID) -> None:
    """Keep others from writing a group's archives until the transaction ends. Raises ArchivesBusy."""
    if not await lock_within(session, f"archives:{group_id}", WAIT_SECONDS):
        raise ArchivesBusy


def folder_of(group_id: UUID) -> str:
    """Return the folder of a group's archives."""
    return f"archives/{group_id}"


def manifest_name(name: str) -> str:
    """Return the name of an archive's manifest: `manifest.json` beside `log.parquet`, else `<name>.manifest.json`."""
    folder, _, file = name.rpartition("/")
    return f"{folder}/manifest.json" if file == "log.parquet" else f"{name.removesuffix('.parquet')}.manifest.json"


def read_manifest(files: Files, name: str) -> ArchiveManifest | None:
    """Return an archive's manifest, if there is one. Raises FileAltered."""
    return _read(files, manifest_name(name))


def publish(files: Files, draft: Path, name: str, manifest: ArchiveManifest) -> None:
    """Move an archive's draft and its manifest to their places. The manifest is prepared first; `settle` finishes an interrupted move."""
    there, said = manifest_name(name), msgspec.json.format(msgspec.json.encode(manifest))
    files.write(there + NEXT, said)
    files.put(name, draft, manifest.sha256)
    files.write(there, said)
    files.delete(there + NEXT)


def settle(files: Files, folder: str) -> None:
    """Finish or undo an interrupted move."""
    files.clear_drafts(folder)
    for ready in files.list(folder):
        if ready.endswith(NEXT) and (said := _read(files, ready)):
            name = f"{folder}/{said.file}"
            if _is_in_place(files, name, said):
                files.write(manifest_name(name), msgspec.json.format(msgspec.json.encode(said)))
            files.delete(ready)


def _is_in_place(files: Files, name: str, said: ArchiveManifest) -> bool:
    try:
        with files.open(name, said.sha256):
            return True
    except (FileLost, FileAltered):
        return False


def _read(files: Files, name: str) -> ArchiveManifest | None:
    try:
        return msgspec.json.decode(files.read(name), type=ArchiveManifest)
    except FileLost:
        return None
