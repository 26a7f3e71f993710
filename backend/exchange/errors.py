"""Errors of the exchange of logs."""

from backend.errors import HubError
from schemas.errors import ErrorCode


class LogTooCostly(HubError):
    """Reading these lines takes more memory or time than the hub gives to one call. Send fewer lines at a time."""

    code = ErrorCode.UNPROCESSABLE_CONTENT
