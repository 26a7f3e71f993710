"""Errors of alerts."""

from backend.errors import Conflict, Invalid, NotFound


class AlertNotFound(NotFound):
    """This tenant has no alert with this id. `alerts.history` lists all alerts."""


class AlertIsResolved(Conflict):
    """This alert is resolved, so nobody can acknowledge or silence it. `alerts.list` lists the open alerts."""


class NotSilenced(Conflict):
    """This alert is not silenced, so no silence can end."""


class InvalidSilence(Invalid):
    """A silence must end in the future, at most 90 days ahead. Send another end time."""
