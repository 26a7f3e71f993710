"""The files of datasets: uploads that wait, and the Parquet files of snapshots."""

from pathlib import Path
from uuid import UUID

from backend.datasets.errors import SnapshotNotReady
from backend.outside import Outside
from schemas.datasets import Snapshot


def snapshot_name(snapshot_id: UUID, sha256: str) -> str:
    """Return the name of a snapshot's Parquet file. An erasure writes another file."""
    return f"datasets/{snapshot_id}/{sha256}.parquet"


def upload_name(upload_id: UUID) -> str:
    """Return the name of an uploaded file."""
    return f"dataset-uploads/{upload_id}"


def fetch_snapshot(outside: Outside, snapshot: Snapshot) -> Path:
    """Return a lasting local Parquet file with the rows, its digest checked. It blocks: use a thread. Raises SnapshotNotReady, FileLost, FileAltered."""
    if snapshot.file_sha256 is None:
        raise SnapshotNotReady
    return outside.files.fetch(snapshot_name(snapshot.id, snapshot.file_sha256), snapshot.file_sha256)
