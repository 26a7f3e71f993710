"""Errors of the inference log."""

from backend.errors import Conflict, NotFound, Unavailable


class LogUnavailable(Unavailable):
    """The prediction could not be logged, so it is not answered. Try again shortly."""


class IntakeAway(Unavailable):
    """Redis holds the intake and its dead letters, but does not answer. Try again when Redis is back."""


class IntakeBusy(Unavailable):
    """Earlier predictions are still on their way into the log. Try again shortly; docs/runbooks/log-lag.md lists the causes."""


class ArchivesBusy(Unavailable):
    """Another process writes this group's archives: retention, deletion or an erasure. Try again shortly."""


class ArchiveUnreadable(Conflict):
    """An archive of this group cannot be read. Restore it and its manifest from a backup, and try again."""


class InferenceNotFound(NotFound):
    """This group has no such inference. A new inference is in the log within about a second."""
