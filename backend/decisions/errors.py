"""What can go wrong with decisions."""

from backend.errors import Conflict, Invalid, NotFound
from schemas.errors import ErrorCode


class InvalidDecision(Invalid):
    """A final decision needs an `inference_id` or a `correlation_id`, a decision that the group knows, and who took it."""


class InvalidValueTable(Invalid):
    """This value table cannot be used. Each entry has a decision, an outcome and a worth; the lowest value is below the highest."""


class InvalidDecisionSettings(Invalid):
    """These settings name a decision that no rule of the group gives."""


class RuleUnchanged(Conflict):
    """The version has this very rule. Change a band, or keep the version."""


class VersionNotLogged(NotFound):
    """The group's log has no rows of this version. `decisions.get` lists the group's versions."""


class VersionWithoutArtifact(Conflict):
    """Only a ready version takes another rule. Upload its artifact first, or create the draft with its rule."""


class InvalidExploration(Invalid):
    """These terms cannot be explored. The band lies where the champion's rule declines, the decision is an approval, and the end is in the future."""


class ExplorationOpen(Conflict):
    """The group has an exploration that is requested or active. Stop it first."""


class ExplorationNotFound(NotFound):
    """This group has no such exploration. `decisions.explorations` lists them."""


class ExplorationNotRequested(Conflict):
    """Only a requested exploration can be approved, and only one that is requested or active can be stopped."""


class SecondApproverNeeded(Conflict):
    """You asked for this exploration. Another person with this permission must approve it."""

    code = ErrorCode.PRECONDITION_FAILED


class NoShadow(Conflict):
    """The group never had a shadow, so no two versions scored the same applications. Add one in the group's split."""


class CutoffUnsuited(Conflict):
    """The group states no decision that approves. Set `approves` with `decisions.configure`."""
