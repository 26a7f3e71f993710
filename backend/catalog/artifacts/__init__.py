"""What an uploaded artifact is, whether it is sound, and whether it predicts: before anything serves it."""

from backend.catalog.artifacts.facts import ArtifactFacts, ProbeReport
from backend.catalog.artifacts.inspection import inspect
from backend.catalog.artifacts.inspection_process import inspect_aside
from backend.catalog.artifacts.probe import probe

__all__ = ["ArtifactFacts", "ProbeReport", "inspect", "inspect_aside", "probe"]
