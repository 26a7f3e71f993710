"""What can go wrong with access."""

from backend.errors import Conflict, Forbidden, Invalid, NotFound, TooManyRequests, Unauthorized


class UnknownTimeZone(Invalid):
    """There is no such time zone. Use an IANA name such as Europe/Berlin or UTC."""


class WrongCredentials(Unauthorized):
    """The email or the password is wrong."""


class TooManySignIns(TooManyRequests):
    """Too many failed attempts from your network address. Wait fifteen minutes, or have the password reset from the command line."""


class PasswordsBusy(TooManyRequests):
    """Too many passwords are being checked at this moment; try again in a second."""


class TenantNeeded(Conflict):
    """This email and password belong to people of several tenants. Send the `tenant` to sign in to."""


class EmailTaken(Conflict):
    """Somebody of this tenant already signs in with this email."""


class PersonNotFound(NotFound):
    """There is no such person in this tenant."""


class TokenNotFound(NotFound):
    """There is no such token in this tenant."""


class UnknownScope(Invalid):
    """A token's scopes are permissions such as `inference:group:predict`, or `*`."""


class ScopeNotHeld(Forbidden):
    """A token cannot be given more than its maker holds."""


class RoleNotHeld(Forbidden):
    """Nobody gives a role that allows more than they may do themselves."""


class LastAdministrator(Conflict):
    """A tenant keeps at least one administrator who can sign in."""
