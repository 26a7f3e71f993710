"""What stands beside an archive and proves it whole; and how the two come into their places, so that whoever is cut off in between leaves nothing untrue.

All that writes here holds the group's archives (`hold`).
"""

import hashlib
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.long_locks import lock_within
from backend.files import place
from backend.inference_log.errors import ArchivesBusy
from schemas.common import Shape

WAIT_SECONDS = 20.0
DRAFT, NEXT = ".draft", ".next"


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


def manifest_path(path: Path) -> Path:
    """Where an archive's manifest is: `manifest.json` beside `log.parquet`, else `<name>.manifest.json`."""
    return path.with_name("manifest.json" if path.stem == "log" else f"{path.stem}.manifest.json")


def read_manifest(path: Path) -> ArchiveManifest | None:
    """The manifest of an archive, if there is one."""
    there = manifest_path(path)
    return msgspec.json.decode(there.read_bytes(), type=ArchiveManifest) if there.exists() else None


def draft_of(path: Path) -> Path:
    """Where a file is written before it takes its place; never the same twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f"{path.name}.{uuid4().hex}{DRAFT}")


def publish(draft: Path, path: Path, manifest: ArchiveManifest) -> None:
    """Put an archive's draft and its manifest in their places. The manifest is laid ready before: `settle` finishes what is cut off here."""
    there = manifest_path(path)
    ready = there.with_name(there.name + NEXT)
    written = draft_of(there)
    written.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    place(written, ready)
    place(draft, path)
    place(ready, there)


def settle(folder: Path) -> None:
    """Finish, or take back, what somebody was cut off in."""
    for draft in folder.glob(f"*{DRAFT}"):
        draft.unlink(missing_ok=True)
    for ready in folder.glob(f"*{NEXT}"):
        said = msgspec.json.decode(ready.read_bytes(), type=ArchiveManifest)
        path = folder / said.file
        if path.exists() and sha256(path) == said.sha256:
            place(ready, manifest_path(path))
        else:
            ready.unlink()


def sha256(path: Path) -> str:
    """The digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
