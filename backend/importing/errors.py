"""What an import answers when a file cannot be read. Each says what the file is, and what to bring instead."""

from backend.errors import HubError
from schemas.errors import ErrorCode


class UnreadableFile(HubError):
    """This file is not JSON that can be read."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class EmptyFile(UnreadableFile):
    """The file is empty: there is nothing to import."""


class FileTooLarge(HubError):
    """The file is larger than an import takes."""

    code = ErrorCode.PAYLOAD_TOO_LARGE


class TooDeep(UnreadableFile):
    """The file is nested deeper than an import reads."""


class TooManyLeaves(UnreadableFile):
    """The file has more values than an import reads."""


class PickleFile(UnreadableFile):
    """This is a pickle (or joblib) file. Loading one runs code, so it is never opened: write the model's metadata with json.dump, and export the model itself
    as ONNX or LightGBM text.
    """


class TableFile(UnreadableFile):
    """This is a table (CSV), not a model's metadata. Bring the JSON that describes the model: its name, features, metrics."""


class ForeignFile(UnreadableFile):
    """This is not a text file with a model's metadata."""


class UnsoundMapping(HubError):
    """A mapping rule cannot be applied."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class UnknownModel(HubError):
    """The file has no model of that name."""

    code = ErrorCode.NOT_FOUND


class UnsoundDocument(HubError):
    """What was understood does not make a model document."""

    code = ErrorCode.UNPROCESSABLE_CONTENT
