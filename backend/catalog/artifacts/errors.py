"""Why an artifact is refused. Each says what the file is and what to do instead."""

from backend.errors import HubError
from schemas.errors import ErrorCode


class UnservableArtifact(HubError):
    """This file cannot be served. Upload LightGBM text, XGBoost JSON or UBJ, ONNX, or linear JSON."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class ArtifactTooLarge(HubError):
    """The artifact is larger than this hub takes."""

    code = ErrorCode.PAYLOAD_TOO_LARGE


class EmptyArtifact(UnservableArtifact):
    """The file is empty."""


class UnknownArtifact(UnservableArtifact):
    """This is neither LightGBM text, XGBoost JSON or UBJ, ONNX, nor linear JSON.

    Export with `booster.save_model('model.txt')` for LightGBM, `booster.save_model('model.ubj')` for XGBoost, or to ONNX with skl2onnx, onnxmltools or
    torch.onnx.
    """


class PickleArtifact(UnservableArtifact):
    """This is a pickle, and loading a pickle runs the code in it.

    Export instead: `model.booster_.save_model('model.txt')` for LightGBM, `model.save_model('model.ubj')` for XGBoost, `skl2onnx.to_onnx(model, X[:1])`
    for scikit-learn.
    """


class JoblibArtifact(UnservableArtifact):
    """This is a joblib file: a pickle, and loading one runs the code in it.

    Export instead: `skl2onnx.to_onnx(model, X[:1])`, `model.booster_.save_model('model.txt')` for LightGBM, or `model.save_model('model.ubj')` for XGBoost.
    """


class TorchArtifact(UnservableArtifact):
    """This is a PyTorch file, which holds a pickle, and loading one runs the code in it. Export instead: `torch.onnx.export(model, example, 'model.onnx')`."""


class SkopsArtifact(UnservableArtifact):
    """This is a skops file: it names Python classes to be imported. Export instead: `skl2onnx.to_onnx(model, X[:1])`."""


class XgboostBinaryArtifact(UnservableArtifact):
    """This is a model in XGBoost's old binary format. Load it with the release that wrote it and save it as `booster.save_model('model.ubj')`."""


class LightgbmJsonArtifact(UnservableArtifact):
    """This is LightGBM's `dump_model` JSON, which cannot be loaded again. Export the text: `booster.save_model('model.txt')`."""


class JsonArtifact(UnservableArtifact):
    """This is JSON, but neither an XGBoost model nor a linear one. A description of a model is imported as a document; the artifact is the model itself."""


class HtmlArtifact(UnservableArtifact):
    """This is a web page, probably a sign-in or error page saved in place of the model. Download the model itself and upload that."""


class CompressedArtifact(UnservableArtifact):
    """This is a compressed file or an archive. Unpack it and upload the model's file inside."""


class MalformedArtifact(UnservableArtifact):
    """The file begins like a model but is not sound: cut off, or edited. Export it again and upload the new file."""


class UnsupportedModel(UnservableArtifact):
    """The model is sound but gives something other than one number a row."""


class ProbeFailed(UnservableArtifact):
    """The model passed the structure check but did not load and predict in a process of its own."""
