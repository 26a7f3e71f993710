"""What can go wrong with runs."""

from backend.errors import Conflict, HubError, NotFound


class RunNotFound(NotFound):
    """There is no such run in this tenant."""


class RunFinished(Conflict):
    """The run has ended; there is nothing to cancel."""


class ClaimLost(HubError):
    """This worker no longer holds the run, so nothing was written."""


class RunTimedOut(HubError):
    """The run took longer than its kind allows and was stopped."""


class HandlerStopped(HubError):
    """The run's handler ended by a cancellation that nobody asked for."""
