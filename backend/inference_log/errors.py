"""What can go wrong with a log."""

from backend.errors import Conflict, NotFound, Unavailable


class LogUnavailable(Unavailable):
    """The prediction could not be put on record, so it is not given. Try again shortly."""


class IntakeAway(Unavailable):
    """Redis, which keeps the intake and its dead letters, does not answer. Try again when it does."""


class IntakeBusy(Unavailable):
    """What was answered before this call is still on its way into the log. Try again shortly; docs/runbooks/log-lag.md says what may keep it."""


class ArchivesBusy(Unavailable):
    """This group's archives are being written: by its retention, its deletion or another erasure. Try again shortly."""


class ArchiveUnreadable(Conflict):
    """An archive of this group cannot be read, so nobody can say what it holds. Bring it back from a backup, with its manifest, and try again."""


class InferenceNotFound(NotFound):
    """This group has no such inference. One just answered is in the log within about a second."""
