"""What an import answers when a file cannot be read. Each says what the file is, and what to bring instead."""

from backend.errors import Conflict, HubError, NotFound, TooManyRequests
from schemas.errors import ErrorCode


class ImportsBusy(TooManyRequests):
    """Too many imports of this organisation are being read; send it again in a few seconds."""


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


class UnsoundDecision(HubError):
    """A decision about a value of the file cannot be carried out."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class DraftNotFound(NotFound):
    """There is no such draft in this tenant: it was committed, discarded, or it expired. Bring the file again."""


class MappingNotFound(NotFound):
    """There is no such mapping in this tenant."""


class NoSource(NotFound):
    """This version was not imported from a file, so there is nothing to read again."""


class NotSeveral(HubError):
    """The file describes one model; commit the draft as it is (imports.commit)."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class StillOpen(Conflict):
    """Something is to be decided before this import can be committed."""


class MappingTooCostly(UnsoundMapping):
    """Applying this mapping takes too long; name places instead of stars."""
