"""Records for tests."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from backend.ids import moment_of, new_id
from backend.inference_log.archives.manifest import ArchiveManifest, manifest_name
from backend.inference_log.record import Record

BLANK = Record(
    inference_id=UUID(int=0),
    requested_at=datetime(2026, 1, 1, tzinfo=UTC),
    version_id=UUID(int=1),
    version="v1.2",
    role="champion",
    phase=1,
    bucket=17,
    propensity=0.9,
    entity_key=None,
    correlation_id=None,
    caller="test",
    inputs={},
    context=None,
    segments={},
    output=None,
    score=0.5,
    label="0",
    explanation=None,
    explained_at=None,
    latency_us=100,
    status="ok",
    error=None,
)


def record(**changes: Any) -> Record:
    """A record of this moment, with a new id unless one is given."""
    identifier = changes.pop("inference_id", None) or new_id()
    return msgspec.structs.replace(BLANK, inference_id=identifier, requested_at=moment_of(identifier), **changes)


def manifest_beside(path: Path) -> ArchiveManifest | None:
    """Return the manifest of an archive in the data folder."""
    there = Path(manifest_name(str(path)))
    return msgspec.json.decode(there.read_bytes(), type=ArchiveManifest) if there.exists() else None
