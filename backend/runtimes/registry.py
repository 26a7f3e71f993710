"""The runtime of each artifact kind."""

from pathlib import Path

from backend.runtimes.language_model import ExternalRuntime
from backend.runtimes.lightgbm import LightgbmRuntime
from backend.runtimes.linear import LinearRuntime
from backend.runtimes.onnx import OnnxRuntime
from backend.runtimes.protocol import AS_IS, Runtime, Use
from backend.runtimes.xgboost import XgboostRuntime
from schemas.catalog import ArtifactKind


def runtime_for(kind: ArtifactKind | str) -> type[Runtime]:
    """Return the runtime of an artifact kind. Loading the first model imports its library."""
    match ArtifactKind(kind):
        case ArtifactKind.LIGHTGBM:
            return LightgbmRuntime
        case ArtifactKind.XGBOOST:
            return XgboostRuntime
        case ArtifactKind.ONNX:
            return OnnxRuntime
        case ArtifactKind.LINEAR:
            return LinearRuntime
        case ArtifactKind.EXTERNAL:
            return ExternalRuntime


def load_runtime(kind: ArtifactKind | str, path: Path, sha256: str, use: Use = AS_IS) -> Runtime:
    """Load an artifact into its runtime."""
    return runtime_for(kind).load(path, sha256, use)
