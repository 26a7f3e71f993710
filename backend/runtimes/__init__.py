"""Serving runtimes: one per artifact kind, behind one protocol."""

from backend.runtimes.protocol import ExplanationBatch, Runtime, Scores
from backend.runtimes.registry import load_runtime, runtime_for

__all__ = ["ExplanationBatch", "Runtime", "Scores", "load_runtime", "runtime_for"]
