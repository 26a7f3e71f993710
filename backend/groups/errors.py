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


class RefusalsExpected(Conflict):
    """The new champion would refuse some of the last week's requests, and nobody has accepted that."""

    code = ErrorCode.PRECONDITION_FAILED


class StaleEvidence(Conflict):
    """The evidence is older than five minutes or from an earlier phase; nothing was changed. Look at the comparison again."""


class NotAChallenger(Conflict):
    """Only a challenger or shadow of the current phase can be promoted."""


class LegalHold(Conflict):
    """A legal hold keeps this group's log as it is; lift it first."""


class NotConfirmed(Invalid):
    """Deleting a group is confirmed by its slug in `confirm`."""


class GateNotMet(Conflict):
    """The group asks more of a promotion than the evidence shows; nothing was changed."""

    code = ErrorCode.PRECONDITION_FAILED


class NothingToRestore(Conflict):
    """This group has had no other champion, so there is nothing to go back to."""

    code = ErrorCode.PRECONDITION_FAILED


class VersionNotWarm(Conflict):
    """Not every process has loaded the version to go back to; nothing was changed. Try again in a moment; if that does not help, see the alerts."""

    code = ErrorCode.PRECONDITION_FAILED


class NotHalted(Conflict):
    """There is nothing to resume: no halt is in force."""


class SecondPersonNeeded(Conflict):
    """You have asked for this already; another person who may resume has to confirm it."""

    code = ErrorCode.PRECONDITION_FAILED


class InvalidRamp(Invalid):
    """A ramp raises a challenger's share step by step, within what the other challengers leave."""


class RampUnderWay(Conflict):
    """A ramp of this group is under way; cancel it first."""


class NoRamp(NotFound):
    """This group has no ramp under way."""
