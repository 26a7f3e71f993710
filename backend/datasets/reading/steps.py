"""The functions that the limited process calls. They load their libraries there, so an answering process never does."""

from backend.datasets.reading.shapes import DataFileFacts, Preparation, Prepared

MODULE = "backend.datasets.reading.prepare"
"""Loaded before the child's limits hold."""


def inspect(path: str, name: str, folder: str) -> DataFileFacts:
    """Return a file's format and a guess for each column. Raises UnreadableData and its kin."""
    from backend.datasets.reading.prepare import inspect_file  # noqa: PLC0415  heavy, and only the limited process needs it

    return inspect_file(path, name, folder)


def prepare(task: Preparation) -> Prepared:
    """Write a snapshot's Parquet file and return its facts. Raises CellsRefused, UnreadableData and its kin."""
    from backend.datasets.reading.prepare import prepare_file  # noqa: PLC0415  likewise

    return prepare_file(task)
