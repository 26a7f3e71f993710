"""Errors of alerts."""

from backend.errors import Conflict, Invalid, NotFound


class AlertNotFound(NotFound):
    """There is no alert of this id in this tenant; `alerts.history` lists them all."""


class AlertIsResolved(Conflict):
    """This alert is resolved, so there is nothing to acknowledge or silence."""


class NotSilenced(Conflict):
    """This alert is not silenced."""


class InvalidSilence(Invalid):
    """A silence ends in the future, at most 90 days ahead."""
