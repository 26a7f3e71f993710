"""Errors of groups."""

from backend.errors import Conflict, Invalid, NotFound
from schemas.errors import ErrorCode


class GroupNotFound(NotFound):
    """There is no such group in this tenant. `groups.list` lists them."""


class GroupSlugTaken(Conflict):
    """A group already has this slug. Choose another slug."""


class InvalidSplit(Invalid):
    """A group needs one champion, distinct versions, shares that sum to 10 000, and shadows with share 0."""


class VersionNotReady(Conflict):
    """Only a version with a checked artifact can serve. Upload its artifact first."""

    code = ErrorCode.PRECONDITION_FAILED


class StalePhase(Conflict):
    """Somebody changed the split since you read it, so nothing was changed. Read the new split and decide again."""


class RefusalsExpected(Conflict):
    """The new champion would refuse some of the last week's requests. Accept this with `accept_refusals`, or have the callers send the missing features."""

    code = ErrorCode.PRECONDITION_FAILED


class StaleEvidence(Conflict):
    """The evidence is older than five minutes or from an earlier phase; nothing was changed. Read the comparison again."""


class NotAChallenger(Conflict):
    """Only a challenger or shadow of the current phase can be promoted. Add the version to the split first."""


class LegalHold(Conflict):
    """A legal hold protects this group's log. Lift it first."""


class NotConfirmed(Invalid):
    """To delete a group, repeat its slug in `confirm`."""


class GateNotMet(Conflict):
    """The evidence does not meet the group's conditions for a promotion; nothing was changed. Wait for more outcomes, or change the group's settings."""

    code = ErrorCode.PRECONDITION_FAILED


class NothingToRestore(Conflict):
    """This group has had no other champion, so there is none to restore. Use `groups.setSplit` to change the champion."""

    code = ErrorCode.PRECONDITION_FAILED


class VersionNotWarm(Conflict):
    """Not every process has loaded the champion to restore, so nothing was changed. Try again in a moment. If that does not help, read the alerts."""

    code = ErrorCode.PRECONDITION_FAILED


class NotHalted(Conflict):
    """No halt is in force, so there is nothing to resume. `groups.halts` lists the halts."""


class SecondPersonNeeded(Conflict):
    """You have already asked to resume. Another person with this permission must confirm."""

    code = ErrorCode.PRECONDITION_FAILED


class InvalidRamp(Invalid):
    """A ramp raises a challenger's share step by step, within the share that the other challengers leave."""


class RampUnderWay(Conflict):
    """This group already has a running ramp. Cancel it first."""


class NoRamp(NotFound):
    """This group has no running ramp. `groups.ramps` lists its ramps."""
