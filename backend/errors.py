"""Errors of the product. The class docstring is the default message."""

import re
from collections.abc import Sequence
from typing import ClassVar

from schemas.common import Issue, Json
from schemas.errors import ErrorCode


class HubError(Exception):
    """Something went wrong inside the hub."""

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL_SERVER_ERROR
    reason: ClassVar[str] = "HUB_ERROR"

    def __init_subclass__(cls) -> None:
        """Derive the reason from the class name: `NotAChallenger` -> `NOT_A_CHALLENGER`, unless the class sets another."""
        if "reason" not in cls.__dict__:
            cls.reason = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls.__name__).upper()

    def __init__(self, message: str | None = None, *, issues: Sequence[Issue] = (), **data: Json) -> None:
        """`issues` name places in the input; the caller gets `data` beside the reason."""
        self.message = message or " ".join((type(self).__doc__ or "").split())
        self.issues = list(issues)
        self.data = data
        super().__init__(self.message)


class Invalid(HubError):
    """This call does not accept this input. Correct the fields named in `issues`."""

    code = ErrorCode.BAD_REQUEST


class Unauthorized(HubError):
    """Sign in, or send an API token in `Authorization: Bearer …`."""

    code = ErrorCode.UNAUTHORIZED


class Forbidden(HubError):
    """Your roles or your token's scopes do not allow this."""

    code = ErrorCode.FORBIDDEN


class NotFound(HubError):
    """Nothing has this name or id. Check the spelling."""

    code = ErrorCode.NOT_FOUND


class Conflict(HubError):
    """This conflicts with the current state. Read the new state, then decide."""

    code = ErrorCode.CONFLICT


class TooManyRequests(HubError):
    """Too many attempts. Wait and try again."""

    code = ErrorCode.TOO_MANY_REQUESTS


class Unavailable(HubError):
    """A service that the hub needs does not answer. Try again shortly."""

    code = ErrorCode.SERVICE_UNAVAILABLE
