"""Live events of runs."""

from backend.declarations.events import EventKind
from schemas.runs import Run

RUN_CHANGED = EventKind("run.changed", Run, "A run changed. The subject is its id, the payload the run.")
