"""What can go wrong with groups."""

from backend.errors import Conflict, Invalid, NotFound
from schemas.errors import ErrorCode


class GroupNotFound(NotFound):
    """There is no such group in this tenant."""


class GroupSlugTaken(Conflict):
    """There already is a group with this slug; choose another."""


class InvalidSplit(Invalid):
    """A group has one champion, distinct versions, shares that sum to 10 000, and shadows without a share."""


class VersionNotReady(Conflict):
    """Only a version with a checked artifact can serve."""

    code = ErrorCode.PRECONDITION_FAILED


class StalePhase(Conflict):
    """The split has changed since you looked; nothing was changed. Look again and decide on what is there now."""


class StaleEvidence(Conflict):
    """The evidence is older than five minutes or from an earlier phase; nothing was changed. Look at the comparison again."""


class NotAChallenger(Conflict):
    """Only a challenger or shadow of the current phase can be promoted."""


class NotConfirmed(Invalid):
    """Deleting a group is confirmed by its slug in `confirm`."""
