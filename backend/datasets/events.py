"""Live events of datasets."""

from types import NoneType

from backend.declarations.events import EventKind

DATASET_CHANGED = EventKind("dataset.changed", NoneType, "A dataset or one of its snapshots changed. The subject is the dataset's slug.")
