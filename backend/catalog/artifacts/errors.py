"""Reasons to refuse an artifact. Each names the file's kind and what to do instead."""

from backend.errors import HubError
from schemas.errors import ErrorCode


class UnservableArtifact(HubError):
    """This file cannot be served. Upload LightGBM text, XGBoost JSON or UBJ, ONNX, or linear JSON."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class ArtifactTooLarge(HubError):
    """The artifact is larger than this hub takes. Train a smaller model, or raise TILTYARD_MAX_ARTIFACT_BYTES."""

    code = ErrorCode.PAYLOAD_TOO_LARGE


class EmptyArtifact(UnservableArtifact):
    """The file is empty. Export the model again and upload the new file."""


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
    """This is JSON, but neither an XGBoost model nor a linear one. Import a description of a model as a document; upload the model itself as the artifact."""


class HtmlArtifact(UnservableArtifact):
    """This is a web page, probably a sign-in or error page saved in place of the model. Download the model itself and upload that."""


class PmmlArtifact(UnservableArtifact):
    """This is PMML, which Tiltyard does not serve.

    Export the model itself: `skl2onnx.to_onnx(model, X[:1])` for scikit-learn, `booster.save_model('model.txt')` for LightGBM,
    `booster.save_model('model.ubj')` for XGBoost. A regression or a scorecard can be written as linear JSON.
    """


class XmlArtifact(UnservableArtifact):
    """This is XML, and no served kind is XML. Upload LightGBM text, XGBoost JSON or UBJ, ONNX, or linear JSON."""


class CatboostArtifact(UnservableArtifact):
    """This is a CatBoost model in CatBoost's own format. A model of numbers alone can be exported: `model.save_model('model.onnx', format='onnx')`."""


class EbmArtifact(UnservableArtifact):
    """This is an explainable boosting machine's JSON (InterpretML), which Tiltyard does not serve.

    Train a LightGBM model with `interaction_constraints` of one feature each, `[[0], [1], …]`: it adds up functions of one feature each, like a machine without
    interactions. Tiltyard serves and explains its text exactly.
    """


class XgboostConfigArtifact(UnservableArtifact):
    """These are an XGBoost model's settings (`save_config`), without its trees. Save the model itself: `booster.save_model('model.ubj')`."""


class XgboostDumpArtifact(UnservableArtifact):
    """This is XGBoost's `dump_model`: a text to read, which cannot be loaded again. Save the model itself: `booster.save_model('model.ubj')`."""


class KerasArtifact(UnservableArtifact):
    """This is a Keras or HDF5 file. Export the model to ONNX, for example with `model.export('model.onnx', format='onnx')`."""


class MojoArtifact(UnservableArtifact):
    """This is an H2O MOJO, which Tiltyard does not serve. Train the model with LightGBM, XGBoost or scikit-learn, and export it as LightGBM text, UBJ or
    ONNX.
    """


class TableArtifact(UnservableArtifact):
    """This is a table of data, not a model. Upload the model file that the training library saved."""


class CompressedArtifact(UnservableArtifact):
    """This is a compressed file or an archive. Unpack it and upload the model's file inside."""


class MalformedArtifact(UnservableArtifact):
    """The file begins like a model but is damaged: cut off, or edited. Export it again and upload the new file."""


class UnsupportedModel(UnservableArtifact):
    """The model does not give one number per row. Train one model for each question."""


class ProbeFailed(UnservableArtifact):
    """The file has a sound structure, but the model did not load and predict in a test process. Export it again."""
