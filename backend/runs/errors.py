"""Errors of runs."""

from backend.errors import Conflict, HubError, NotFound


class RunNotFound(NotFound):
    """There is no such run in this tenant. `runs.list` lists them."""


class RunFinished(Conflict):
    """The run has ended, so there is nothing to cancel."""


class ClaimLost(HubError):
    """This worker no longer holds the run, so nothing was written. Another worker continues the run."""


class RunTimedOut(HubError):
    """The run took longer than its kind allows and was stopped."""


class HandlerStopped(HubError):
    """The run's handler ended by a cancellation that nobody requested. This is a defect of the handler; see the worker's log."""
