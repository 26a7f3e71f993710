"""External language models: the request, loaded from its pinned file. backend/serving/language_models.py sends it."""

from pathlib import Path
from typing import Self

import msgspec
import numpy as np

from backend.catalog.external_rules import features_of
from backend.runtimes.checked_files import read_checked
from backend.runtimes.errors import RuntimeRefused
from backend.runtimes.protocol import AS_IS, NO_METHOD, ExplanationBatch, Floats, Runtime, Scores, Space, Use
from schemas.external import ExternalModel

REASON = "a language model behind a connector: its answers do not show how it weighs inputs"


class ExternalRuntime(Runtime):
    """A version that is asked through its connector, never scored in this process."""

    def __init__(self, external: ExternalModel) -> None:
        """For a loaded request; use `load`."""
        self.external = external
        self.features = features_of(external.prompt)
        self.classifies = external.answer != "value"
        self.space: Space = "probability" if self.classifies else "value"
        self.covered = True
        self.estimated = False

    @classmethod
    def load(cls, path: Path, sha256: str, use: Use = AS_IS) -> Self:
        """Load the request, once its bytes have their stored SHA-256."""
        import openai  # noqa: F401, PLC0415  heavy: the SDK that asks, so that the first question's time is not spent on importing it

        return cls(msgspec.json.decode(read_checked(path, sha256), type=ExternalModel))

    def predict(self, matrix: Floats) -> Scores:
        """Raise RuntimeRefused: such a version needs more than numbers."""
        raise RuntimeRefused("This version is asked through its connector. Send the request to its group.")

    def additivity(self, matrix: Floats) -> float | None:
        """Return None: nothing is explained."""

    def explain(self, matrix: Floats, background: Floats | None = None, margin: Floats | None = None) -> ExplanationBatch:
        """Return no explanation, with the reason."""
        return ExplanationBatch(NO_METHOD, False, self.space, 0.0, np.empty((len(matrix), 0)), np.zeros(len(matrix)), reason=REASON)
