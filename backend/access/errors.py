"""What can go wrong with access."""

from backend.errors import Conflict, Forbidden, Invalid, NotFound, TooManyRequests, Unauthorized


class WrongCredentials(Unauthorized):
    """The email or the password is wrong."""


class TooManySignIns(TooManyRequests):
    """Too many sign-in attempts for this address; wait fifteen minutes, or have the password reset from the command line."""


class EmailTaken(Conflict):
    """Somebody already signs in with this email."""


class PersonNotFound(NotFound):
    """There is no such person in this tenant."""


class TokenNotFound(NotFound):
    """There is no such token in this tenant."""


class UnknownScope(Invalid):
    """A token's scopes are permissions such as `inference:group:predict`, or `*`."""


class ScopeNotHeld(Forbidden):
    """A token cannot be given more than its maker holds."""


class LastAdministrator(Conflict):
    """A tenant keeps at least one administrator who can sign in."""
