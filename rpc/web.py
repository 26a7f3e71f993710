"""HTTP behaviour of every address: HEAD where GET is answered, and documented errors for unknown addresses."""

from typing import Any
from uuid import uuid4

from litestar import Request, Response
from litestar.exceptions import HTTPException

from backend.errors import HubError, Invalid, NotFound
from rpc.core.asgi import Message, Scope, Send
from rpc.core.errors import HIDDEN, InternalError, MethodNotSupported, PayloadTooLarge, report
from rpc.plain_json import failure

MEANT = (
    "Send predictions by POST to /v1/groups/<slug>/predict, outcomes by POST to /v1/outcomes, artifacts by POST to "
    "/v1/versions/<id>/artifact. Procedures are under /rpc, the Open Inference Protocol under /v2, health at /health/live and /health/ready."
)


class NothingHere(NotFound):
    """There is nothing at this address."""


def nothing_at(method: str, path: str) -> NothingHere:
    """Return the error for an unknown address, with the known addresses."""
    shown = path[:200].encode("unicode_escape").decode()
    return NothingHere(f"There is nothing at {method} {shown}. {MEANT}")


def as_get(scope: Scope, send: Send) -> tuple[Scope, Send]:
    """Answer a HEAD like its GET, without the body."""

    async def without_body(message: Message) -> None:
        if message["type"] == "http.response.body":
            if message.get("more_body"):
                return
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    return {**scope, "method": "GET"}, without_body


def refused(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Return the documented form of Litestar's errors and of a handler's failure."""
    request_id = uuid4().hex
    seen = _seen(request, error)
    report(error if isinstance(seen, InternalError) else seen, path=request.url.path, request_id=request_id)
    answer = failure(seen, request_id)
    if isinstance(seen, MethodNotSupported):
        answer.headers["allow"] = seen.allow
    return answer


def _seen(request: Request[Any, Any, Any], error: Exception) -> HubError:
    if isinstance(error, HubError):
        return error
    if not isinstance(error, HTTPException) or error.status_code >= 500:
        return InternalError(HIDDEN)
    if error.status_code == 404:
        return nothing_at(request.method, request.url.path)
    if error.status_code == 405:
        allow = (error.headers or {}).get("allow", "GET")
        return MethodNotSupported(f"{request.url.path[:200]} takes only {allow} requests.", allow=allow)
    if error.status_code == 413:
        return PayloadTooLarge()
    return Invalid(str(error.detail))
