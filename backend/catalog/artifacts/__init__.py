"""Checks of an uploaded artifact before anything serves it: its kind, its structure, and a test prediction."""

from backend.catalog.artifacts.facts import ArtifactFacts, ProbeReport
from backend.catalog.artifacts.inspection import inspect
from backend.catalog.artifacts.inspection_process import inspect_aside
from backend.catalog.artifacts.probe import probe

__all__ = ["ArtifactFacts", "ProbeReport", "inspect", "inspect_aside", "probe"]
