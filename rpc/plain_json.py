"""Plain JSON over HTTP, for endpoints that are no procedures: plain results, errors as `{"error": {…}}`."""

import msgspec
from litestar import Response

from backend.errors import HubError
from rpc.core.errors import WIRE
from rpc.core.outputs import Output
from schemas.common import Shape


def error_body(error: HubError, request_id: str) -> tuple[int, bytes]:
    """Return HTTP status and body of an error."""
    said = {
        "code": error.code,
        "reason": error.reason,
        "message": error.message,
        "issues": error.issues,
        "requestId": request_id,
    }
    return WIRE[error.code].status, msgspec.json.encode({"error": said})


def success(result: Shape) -> Response[bytes]:
    """Return the result as JSON."""
    return Response(Output(type(result)).encode(result), media_type="application/json")


def failure(error: HubError, request_id: str) -> Response[bytes]:
    """Return the error as JSON."""
    status, body = error_body(error, request_id)
    return Response(body, status_code=status, media_type="application/json", headers={"x-request-id": request_id})
