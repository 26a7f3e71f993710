"""ONNX models, one thread each."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from backend.numerics.trees.onnx_signature import feature_names, score_output
from backend.runtimes.checked_files import read_checked
from backend.runtimes.errors import RuntimeRefused
from backend.runtimes.estimated_explainer import explain_by_sampling
from backend.runtimes.onnx_trees import OnnxTrees
from backend.runtimes.protocol import AS_IS, ExplanationBatch, Floats, Runtime, Scores, Space, Use

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

ROUNDING = 1e-5
"""How far sums of probabilities in single precision may lie outside 0 to 1."""
TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(int32)": np.int32}


class OnnxRuntime(Runtime):
    """An ONNX model with one score per row. Of two class probabilities, the score is the positive class's."""

    def __init__(self, session: "InferenceSession", content: bytes, file: Path, use: Use) -> None:
        """Read the session's signature and the graph's trees; use `load`."""
        widths = {entry.name: int(entry.shape[1]) for entry in session.get_inputs()}
        chosen = score_output({entry.name: entry.type for entry in session.get_outputs()})
        if chosen is None:
            raise RuntimeRefused("The model has no output that is a score. Export it with its probabilities, or with one number per row.")
        self.features, _ = feature_names(widths, session.get_modelmeta().custom_metadata_map)
        self._session = session
        self._use = use
        self._inputs = [(entry.name, TYPES[entry.type]) for entry in session.get_inputs()]
        self._output = next(entry for entry in session.get_outputs() if entry.name == chosen)
        self.classifies = True if "prob" in chosen.lower() or len(session.get_outputs()) > 1 else None
        self.space: Space = "probability" if self.classifies else "value"
        self._trees = self._find_trees(content, file)
        self.covered = self._trees is not None and self._trees.covered
        self.estimated = self._trees is None
        if self._trees:
            self.space = self._trees.space

    def tables_at_hand(self, background: Floats | None) -> bool:
        """Return whether explaining against `background` starts at once."""
        return self._trees is None or self._trees.tables_at_hand(self._compared(background))

    @classmethod
    def load(cls, path: Path, sha256: str, use: Use = AS_IS) -> Self:
        """Load the artifact, once its bytes have their checked SHA-256."""
        import onnxruntime as ort  # noqa: PLC0415  heavy: loaded with the first model of its kind

        content = read_checked(path, sha256)
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            return cls(ort.InferenceSession(content, options, providers=["CPUExecutionProvider"]), content, path, use)
        except Exception as error:  # onnxruntime's errors have no common base class
            raise RuntimeRefused(f"onnxruntime cannot load the model: {str(error)[:300]}") from error

    def predict(self, matrix: Floats) -> Scores:
        """Score a matrix [n, features], without margins: ONNX models do not return them. Raises RuntimeRefused for a probability outside 0 to 1."""
        score = self._score(matrix)
        return Scores(_probability(score) if self.classifies else score, None)

    def additivity(self, matrix: Floats) -> float | None:
        """Return None: onnxruntime explains nothing."""

    def explain(self, matrix: Floats, background: Floats | None = None, margin: Floats | None = None) -> ExplanationBatch:
        """Return exact Shapley values of a tree ensemble that compiles, else sampled ones of the score.

        Without `background`, a forest with covers is explained path-dependently, any other model against a row of zeros.
        """
        plain: Space = "probability" if self.classifies else "value"
        if self._trees is None:
            return explain_by_sampling(self._score, matrix, background, plain)
        return self._trees.explain(matrix, self._compared(background))

    def _compared(self, background: Floats | None) -> Floats | None:
        return background if background is not None or self.covered else np.zeros((1, len(self.features)))

    def _find_trees(self, content: bytes, file: Path) -> OnnxTrees | None:
        from onnx import ModelProto  # noqa: PLC0415  heavy: loaded with the first model of its kind

        model = ModelProto()
        model.ParseFromString(content)
        return OnnxTrees.of(model, self._output.name, self.features, self._score, self.space, file, first=self._use.column == 0 and self._use.columns == 2)

    def _score(self, matrix: Floats) -> Floats:
        if len(matrix) == 0:
            return np.empty(0)
        single = len(self._inputs) == 1
        with np.errstate(over="ignore"):  # past float32 is infinite, as in C
            feed = {name: np.ascontiguousarray(matrix if single else matrix[:, i : i + 1], dtype=kind) for i, (name, kind) in enumerate(self._inputs)}
        try:
            output = self._session.run([self._output.name], feed)[0]
        except Exception as error:  # likewise
            raise RuntimeRefused(f"onnxruntime failed: {str(error)[:300]}") from error
        return _chosen(output, len(matrix), self._use)


def _probability(score: Floats) -> Floats:
    """Return scores from 0 to 1 unchanged; rounding outside becomes 0 or 1. Raises RuntimeRefused further outside."""
    low, high = score < 0, score > 1
    out = low | high
    if not out.any():
        return score
    far = (score < -ROUNDING) | (score > 1 + ROUNDING)
    if far.any():
        raise RuntimeRefused(
            f"The model answers {score[far][0]:g} instead of a probability from 0 to 1. Export it with probabilities, or with its score alone."
        )
    return np.where(out, high.astype(np.float64), score)


def _chosen(output: Any, rows: int, use: Use) -> Floats:  # onnxruntime returns an array, or a list of dicts for a ZipMap
    if isinstance(output, list):
        output = [list(row.values()) for row in output]
    scores = np.asarray(output, dtype=np.float64).reshape(rows, -1)
    width = scores.shape[1]
    if width > 2 or (use.columns is not None and width != use.columns):
        raise RuntimeRefused(f"The model gives {width} numbers per row, but Tiltyard serves {'one' if use.columns in (None, 1) else 'one of two'}.")
    return scores[:, -1 if use.column is None else use.column].copy()
