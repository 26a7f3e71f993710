"""What stands beside an archive and proves it whole; and how the two come into their places, so that whoever is cut off in between leaves nothing untrue.

All that writes here holds the group's archives (`hold`).
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
    """What an archive is and how to know it is whole."""

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
    """Rows whose entity was forgotten since."""
    dead_letters: int = 0
    """Entries that could not be stored, kept in `dead-letters.jsonl` when the log was dropped."""


async def hold(session: AsyncSession, group_id: UUID) -> None:
    """Keep others from writing a group's archives until the transaction ends. Raises ArchivesBusy."""
    if not await lock_within(session, f"archives:{group_id}", WAIT_SECONDS):
        raise ArchivesBusy


def folder_of(group_id: UUID) -> str:
    """Where a group's archives are."""
    return f"archives/{group_id}"


def manifest_name(name: str) -> str:
    """Where an archive's manifest is: `manifest.json` beside `log.parquet`, else `<name>.manifest.json`."""
    folder, _, file = name.rpartition("/")
    return f"{folder}/manifest.json" if file == "log.parquet" else f"{name.removesuffix('.parquet')}.manifest.json"


def read_manifest(files: Files, name: str) -> ArchiveManifest | None:
    """The manifest of an archive, if there is one. Raises FileAltered."""
    return _read(files, manifest_name(name))


def publish(files: Files, draft: Path, name: str, manifest: ArchiveManifest) -> None:
    """Put an archive's draft and its manifest in their places. The manifest is laid ready before: `settle` finishes what is cut off here."""
    there, said = manifest_name(name), msgspec.json.format(msgspec.json.encode(manifest))
    files.write(there + NEXT, said)
    files.put(name, draft, manifest.sha256)
    files.write(there, said)
    files.delete(there + NEXT)


def settle(files: Files, folder: str) -> None:
    """Finish, or take back, what somebody was cut off in."""
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
