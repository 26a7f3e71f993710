"""Errors of imports. Each says what the file is, and what to bring instead."""

from backend.errors import Conflict, HubError, NotFound
from schemas.errors import ErrorCode


class UnreadableFile(HubError):
    """This file is not readable JSON. Bring the JSON or YAML file that describes the model."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class EmptyFile(UnreadableFile):
    """The file is empty: there is nothing to import."""


class FileTooLarge(HubError):
    """The file is too large for an import. Leave out predictions and trees."""

    code = ErrorCode.PAYLOAD_TOO_LARGE


class TooDeep(UnreadableFile):
    """The file is nested too deeply for an import. Bring the part that describes the model."""


class TooManyLeaves(UnreadableFile):
    """The file has too many values for an import. Leave out predictions and trees."""


class TooCostly(UnreadableFile):
    """Reading this file takes more memory or time than the hub gives to one. Leave out predictions, trees and raw rows."""


class PickleFile(UnreadableFile):
    """This is a pickle (or joblib) file. Loading one runs code, so it is never opened: write the model's metadata with json.dump, and export the model itself
    as ONNX or LightGBM text.
    """


class TableFile(UnreadableFile):
    """This is a table (CSV), not a model's metadata. Bring the JSON that describes the model: its name, features, metrics."""


class ForeignFile(UnreadableFile):
    """This is not a text file with a model's metadata. Bring the JSON or YAML file that describes the model."""


class UnsoundMapping(HubError):
    """A mapping rule cannot be applied. Correct it at the pointer in the issues."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class UnknownModel(HubError):
    """The file has no model of that name. `several_models` lists the names in the file."""

    code = ErrorCode.NOT_FOUND


class UnsoundDocument(HubError):
    """The values found do not make a valid model document. Correct the mapping at the pointers in the issues."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class UnsoundDecision(HubError):
    """A decision about a value of the file cannot be applied. Correct it at the pointer in the issues."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class DraftNotFound(NotFound):
    """There is no such draft in this tenant: it was committed, discarded, or it expired. Bring the file again."""


class MappingNotFound(NotFound):
    """There is no such mapping in this tenant. `mappings.list` lists them."""


class NoSource(NotFound):
    """This version was not imported from a file, so there is nothing to read again."""


class NotSeveral(HubError):
    """The file describes only one model. Commit the draft with `imports.commit`."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class StillOpen(Conflict):
    """This import still has open questions. Decide what `open` lists, then commit."""


class MappingTooCostly(UnsoundMapping):
    """This mapping takes too long to apply. Name places instead of stars."""
