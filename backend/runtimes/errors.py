"""Errors of runtimes that do not load or answer."""

from backend.errors import HubError
from schemas.errors import ErrorCode


class ArtifactChanged(HubError):
    """The artifact's bytes differ from the checked ones, so it is not loaded. Upload it again."""

    code = ErrorCode.PRECONDITION_FAILED


class ArtifactGone(HubError):
    """The artifact's file is not in the data folder. Restore the folder, or upload the artifact again."""

    code = ErrorCode.PRECONDITION_FAILED


class RuntimeRefused(HubError):
    """The model did not load or answer. See the message for its library's words."""

    code = ErrorCode.INTERNAL_SERVER_ERROR
