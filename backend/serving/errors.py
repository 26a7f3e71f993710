"""Errors of predictions."""

from backend.errors import HubError, Invalid, NotFound, Unavailable
from schemas.errors import ErrorCode


class MissingFeatures(Invalid):
    """The request lacks features that the champion needs. Send the features in the issues."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class UnknownFeatures(Invalid):
    """No version of this group takes these features. Remove them, or correct their names."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class InvalidFeatures(Invalid):
    """The model does not take these values. Correct them at the pointers in the issues."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class InvalidBatch(Invalid):
    """A batch holds 1 to 1 000 inputs. Send more in several requests."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class TooMuchBeside(Invalid):
    """Segments and context may have 4 000 characters together, since each input keeps them. Send less."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class PredictionFailed(HubError):
    """The champion failed on this request, and the log says so. Try again, or have the version examined."""

    code = ErrorCode.BAD_GATEWAY


class ModelNotLoaded(Unavailable):
    """The champion of this group is not loaded in this process. Its artifact may be missing: see the process's log."""


class GroupHalted(Unavailable):
    """Somebody stopped this group, or the version that answers in it. It answers again once two people resume it."""


class ControlLost(Unavailable):
    """This process has lost touch with PostgreSQL and cannot know whether the group was halted, so it does not answer. Try again shortly."""


class VersionNotPreferred(NotFound):
    """`prefer` must name a loaded champion or challenger of this group. `groups.get` lists them."""


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key was used within the last 24 hours for another request. A new request needs a new key."""

    code = ErrorCode.UNPROCESSABLE_CONTENT
