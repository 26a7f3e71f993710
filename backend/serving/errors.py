"""Why a prediction is refused or an inference not found."""

from backend.errors import HubError, Invalid, NotFound, Unavailable
from schemas.errors import ErrorCode


class MissingFeatures(Invalid):
    """The champion needs features that the request does not have."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class UnknownFeatures(Invalid):
    """No version of this group takes these features. Remove them, or correct their names."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class InvalidFeatures(Invalid):
    """These values are not what the model takes."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class InvalidBatch(Invalid):
    """A batch holds from 1 to 1 000 inputs; send more in several requests."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class TooMuchBeside(Invalid):
    """Segments and context hold at most 4 000 characters together, for they are kept with each of the request's inputs. Send less."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class PredictionFailed(HubError):
    """The champion could not answer this request; it is on record as failed. Try again, or have the version looked at."""

    code = ErrorCode.BAD_GATEWAY


class ModelNotLoaded(Unavailable):
    """The champion of this group is not loaded in this process. Its artifact may be missing: see the process's log."""


class GroupHalted(Unavailable):
    """Somebody stopped this group, or the version that answers in it. It answers again once two people resume it."""


class ControlLost(Unavailable):
    """This process has lost touch with PostgreSQL and cannot know whether the group was halted, so it does not answer. Try again shortly."""


class VersionNotPreferred(NotFound):
    """The version that `prefer` names is no champion or challenger of this group, or is not loaded."""


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key was used within the last 24 hours for another request. A new request needs a new key."""

    code = ErrorCode.UNPROCESSABLE_CONTENT
