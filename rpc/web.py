"""What HTTP asks of every address: HEAD where GET is answered, and an error of the documented form where nothing is."""

from typing import Any
from uuid import uuid4

from litestar import Request, Response
from litestar.exceptions import HTTPException

from backend.errors import HubError, Invalid, NotFound
from rpc.core.asgi import Message, Scope, Send
from rpc.core.errors import HIDDEN, InternalError, MethodNotSupported, PayloadTooLarge, report
from rpc.plain import failure

MEANT = (
    "A group is asked by POST at /v1/groups/<slug>/predict, outcomes are told by POST at /v1/outcomes, an artifact is sent by POST to "
    "/v1/versions/<id>/artifact, procedures are under /rpc, the Open Inference Protocol is under /v2, health is at /health/live and /health/ready."
)


class NothingHere(NotFound):
    """There is nothing at this address."""


def nothing_at(method: str, path: str) -> NothingHere:
    """The error for an address that is no one's, with the ones that there are."""
    shown = path[:200].encode("unicode_escape").decode()
    return NothingHere(f"There is nothing at {method} {shown}. {MEANT}")


def as_get(scope: Scope, send: Send) -> tuple[Scope, Send]:
    """A HEAD as the GET that it stands for, whose body is kept back."""

    async def without_body(message: Message) -> None:
        if message["type"] == "http.response.body":
            if message.get("more_body"):
                return
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    return {**scope, "method": "GET"}, without_body


def refused(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Whatever Litestar refuses, or a handler fails with, in the documented form."""
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
        return MethodNotSupported(f"{request.url.path[:200]} is asked by {allow}.", allow=allow)
    if error.status_code == 413:
        return PayloadTooLarge()
    return Invalid(str(error.detail))
