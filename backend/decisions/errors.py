"""What can go wrong with decisions."""

from backend.errors import Conflict, Invalid, NotFound


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
