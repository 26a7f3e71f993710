"""Errors on their way out: one table from `ErrorCode` to tRPC number and HTTP status, and the error envelope."""

import asyncio
import logging
from collections.abc import Mapping
from typing import NamedTuple

from backend.errors import HubError, Invalid, NotFound
from schemas.common import Json
from schemas.errors import ErrorCode

log = logging.getLogger("tiltyard.rpc")

HIDDEN = "Something went wrong inside the hub. Quote the request id when you ask for help."


class Wire(NamedTuple):
    """A code on the wire: tRPC's JSON-RPC number, and the HTTP status."""

    number: int
    status: int


WIRE: Mapping[ErrorCode, Wire] = {
    ErrorCode.PARSE_ERROR: Wire(-32700, 400),
    ErrorCode.BAD_REQUEST: Wire(-32600, 400),
    ErrorCode.INTERNAL_SERVER_ERROR: Wire(-32603, 500),
    ErrorCode.NOT_IMPLEMENTED: Wire(-32603, 501),
    ErrorCode.BAD_GATEWAY: Wire(-32603, 502),
    ErrorCode.SERVICE_UNAVAILABLE: Wire(-32603, 503),
    ErrorCode.GATEWAY_TIMEOUT: Wire(-32603, 504),
    ErrorCode.UNAUTHORIZED: Wire(-32001, 401),
    ErrorCode.PAYMENT_REQUIRED: Wire(-32002, 402),
    ErrorCode.FORBIDDEN: Wire(-32003, 403),
    ErrorCode.NOT_FOUND: Wire(-32004, 404),
    ErrorCode.METHOD_NOT_SUPPORTED: Wire(-32005, 405),
    ErrorCode.TIMEOUT: Wire(-32008, 408),
    ErrorCode.CONFLICT: Wire(-32009, 409),
    ErrorCode.PRECONDITION_FAILED: Wire(-32012, 412),
    ErrorCode.PAYLOAD_TOO_LARGE: Wire(-32013, 413),
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: Wire(-32015, 415),
    ErrorCode.UNPROCESSABLE_CONTENT: Wire(-32022, 422),
    ErrorCode.PRECONDITION_REQUIRED: Wire(-32028, 428),
    ErrorCode.TOO_MANY_REQUESTS: Wire(-32029, 429),
    ErrorCode.CLIENT_CLOSED_REQUEST: Wire(-32099, 499),
}


class UnknownProcedure(NotFound):
    """There is no such procedure. `tiltyard contract show` lists them."""


class MalformedRequest(Invalid):
    """This endpoint cannot read the request. See the message for the unreadable part."""


class UnreadableParams(HubError):
    """`connectionParams` is not a JSON object of strings. Send an object such as `{"token": "tyd_…"}`."""

    code = ErrorCode.PARSE_ERROR


class MethodNotSupported(HubError):
    """The procedure needs another HTTP method: GET for a query, POST for a mutation."""

    code = ErrorCode.METHOD_NOT_SUPPORTED

    def __init__(self, message: str, allow: str) -> None:
        """`allow` is the value of the response's Allow header."""
        super().__init__(message)
        self.allow = allow


class UnsupportedMediaType(HubError):
    """This endpoint does not read or write this content type. Send `application/json`."""

    code = ErrorCode.UNSUPPORTED_MEDIA_TYPE


class TimedOut(HubError):
    """The call took too long and was stopped. Ask for less at once, or try again."""

    code = ErrorCode.TIMEOUT


class PayloadTooLarge(HubError):
    """The request's body is too large for this endpoint. Send it in parts."""

    code = ErrorCode.PAYLOAD_TOO_LARGE


class CrossSite(HubError):
    """The request came from another site. Send the header `x-tiltyard: 1`, as the generated client does."""

    code = ErrorCode.FORBIDDEN


class InternalError(HubError):
    """Something went wrong inside the hub. Quote the request id when you ask for help."""

    code = ErrorCode.INTERNAL_SERVER_ERROR


class Interrupted(Exception):
    """Something that the call waited for was cancelled, although the call was not."""


def is_asked_to_stop() -> bool:
    """Return whether somebody has cancelled this task."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def unasked(cancelled: asyncio.CancelledError) -> Exception:
    """Return the failure for a cancellation that nobody requested of this task. Raises it again when somebody did.

    Unchanged, it would look like a departed client, and a started answer would break off.
    """
    if is_asked_to_stop():
        raise cancelled
    interrupted = Interrupted()
    interrupted.__cause__ = cancelled
    return interrupted


COMMON: tuple[type[HubError], ...] = (
    UnknownProcedure,
    MalformedRequest,
    UnreadableParams,
    MethodNotSupported,
    UnsupportedMediaType,
    PayloadTooLarge,
    TimedOut,
    CrossSite,
    InternalError,
)
"""Errors of any call before its handler runs. Like the general ones of backend/errors.py, no procedure declares them."""


def known(error: Exception) -> HubError:
    """Return the error that the caller may see. Foreign or internal errors keep their own text hidden."""
    if isinstance(error, HubError) and error.code is not ErrorCode.INTERNAL_SERVER_ERROR:
        return error
    return InternalError(HIDDEN)


def report(error: Exception, *, path: str | None, request_id: str) -> None:
    """Log an internal error with its traceback, under the request id that the caller has."""
    if known(error) is not error:
        log.error("internal error in %s (request %s)", path or "the request", request_id, exc_info=error, extra={"request_id": request_id})


def envelope(error: Exception, *, path: str | None, request_id: str, stack: str | None = None) -> tuple[int, dict[str, Json]]:
    """Return HTTP status and error shape. `path` is absent when the whole request failed; `stack` is for development only."""
    seen = known(error)
    number, status = WIRE[seen.code]
    data: dict[str, Json] = {
        **seen.data,
        "code": seen.code,
        "httpStatus": status,
        "reason": seen.reason,
        "issues": seen.issues,
        "requestId": request_id,
    }
    if path is not None:
        data["path"] = path
    if stack is not None:
        data["stack"] = stack
    return status, {"message": seen.message, "code": number, "data": data}
