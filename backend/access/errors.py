"""Errors of access."""

from backend.errors import Conflict, Forbidden, Invalid, NotFound, TooManyRequests, Unauthorized


class UnknownTimeZone(Invalid):
    """There is no such time zone. Use an IANA name such as Europe/Berlin or UTC."""


class WrongCredentials(Unauthorized):
    """The email or the password is wrong."""


class TooManySignIns(TooManyRequests):
    """Too many failed attempts from your network address. Wait fifteen minutes, or have the password reset from the command line."""


class PasswordsBusy(TooManyRequests):
    """The hub is checking too many passwords right now. Try again in a second."""


class TenantNeeded(Conflict):
    """This email and password belong to people of several tenants. Send the `tenant` to sign in to."""


class EmailTaken(Conflict):
    """A person of this tenant already signs in with this email. Choose another email."""


class PersonNotFound(NotFound):
    """There is no such person in this tenant. `people.list` lists them."""


class TokenNotFound(NotFound):
    """There is no such token in this tenant. `tokens.list` lists them."""


class UnknownScope(Invalid):
    """A token's scopes are permissions such as `inference:group:predict`, or `*`."""


class ScopeNotHeld(Forbidden):
    """A token cannot hold more than its maker. Leave out the scopes that you do not hold."""


class RoleNotHeld(Forbidden):
    """You cannot give a role that allows more than you may do. Ask somebody who holds its permissions."""


class LastAdministrator(Conflict):
    """A tenant keeps at least one administrator who can sign in. Make another person administrator first."""
