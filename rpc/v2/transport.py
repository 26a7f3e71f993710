"""The Open Inference Protocol, version 2, over HTTP: its paths, its headers, its errors.

`/v2` and `/v2/health/…` are open, as probes expect. Everything of a group needs an API token, which also determines the tenant.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import NamedTuple
from uuid import uuid4

import msgspec

from backend.access.permissions import P
from backend.actor import Actor
from backend.errors import Forbidden, HubError
from backend.hub import Hub
from backend.runtimes.features import FeatureSpec
from backend.serving.predict import Predictor
from rpc.bodies import with_key
from rpc.core.asgi import Disconnected, Receive, Scope, Send, read_body
from rpc.core.body_room import room
from rpc.core.errors import WIRE, MethodNotSupported, known, report
from rpc.health import database_answers
from rpc.token_cache import TokenCache
from rpc.v2 import metadata
from rpc.v2.answers import answer, check_outputs, wants_explanation
from rpc.v2.bodies import inflate, split
from rpc.v2.errors import NothingThere
from rpc.v2.rows import body_of, read_request, rows_of
from schemas.inference import PredictBody
from schemas.open_inference import InferRequest

PREFIX = "/v2"
JSON, BINARY = b"application/json", b"application/octet-stream"
MOST_ISSUES_IN_TEXT = 10

_encode = msgspec.json.Encoder().encode


class ModelAddress(NamedTuple):
    """The requested part of a group: `""` (its metadata), `ready` or `infer`, of one version or of the group."""

    slug: str
    version: str | None
    what: str


class InferReply(NamedTuple):
    """Status, body, and the length of the body's JSON when raw bytes follow."""

    status: int
    body: bytes
    json_length: int | None = None


class OpenInference:
    """Answers the protocol's requests with the common predictor."""

    def __init__(self, hub: Hub, predictor: Predictor, tokens: TokenCache) -> None:
        self._hub = hub
        self._predictor = predictor
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        extra: list[tuple[bytes, bytes]] = []
        try:
            reply = await self._answer(scope, receive)
        except Disconnected:
            return
        except Exception as error:  # for any error the caller gets a body that it can read
            reply, extra = _failure(error, scope["path"])
        headers = [(b"content-type", JSON if reply.json_length is None else BINARY), (b"content-length", str(len(reply.body)).encode()), *extra]
        if reply.json_length is not None:
            headers.append((b"inference-header-content-length", str(reply.json_length).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    async def _answer(self, scope: Scope, receive: Receive) -> InferReply:
        parts = [part for part in str(scope["path"]).removeprefix(PREFIX).split("/") if part]
        wanted = "POST" if parts[-1:] == ["infer"] else "GET"
        if scope["method"] != wanted:
            raise MethodNotSupported(f"{scope['path'][:200]} takes only {wanted} requests.", allow=wanted)
        if not parts:
            return InferReply(200, _encode(metadata.server()))
        if parts[0] == "health":
            return await self._health(parts[1:])
        address = _address(parts)
        headers = {name.lower(): value for name, value in scope["headers"]}
        actor = await self._tokens.actor(headers.get(b"authorization", b""))
        if not actor.may(P.INFERENCE_GROUP_PREDICT):
            raise Forbidden(f"this needs a token with the scope `{P.INFERENCE_GROUP_PREDICT}`", permission=P.INFERENCE_GROUP_PREDICT)
        if address.what == "infer":
            return await self._infer(actor, address, headers, receive)
        group = await self._predictor.find(actor, address.slug)
        if address.what == "ready":
            is_ready = metadata.ready(group, address.version)
            return InferReply(200 if is_ready else 503, _encode({"name": address.slug, "ready": is_ready}))
        return InferReply(200, _encode(metadata.model(group, address.version)))

    async def _health(self, parts: list[str]) -> InferReply:
        if parts == ["live"]:
            return InferReply(200, _encode({"live": True}))
        if parts != ["ready"]:
            raise NothingThere
        is_ready = await database_answers(self._hub)
        return InferReply(200 if is_ready else 503, _encode({"live": True, "ready": is_ready}))

    async def _infer(self, actor: Actor, address: ModelAddress, headers: dict[bytes, bytes], receive: Receive) -> InferReply:
        with room.lease(lambda: actor.tenant_id) as hold:
            try:
                request, body, features = await self._read(actor, address, headers, partial(read_body, receive, hold=hold))
            except HubError as error:
                self._predictor.refuse(actor, address.slug, error)
                raise
            predictions = await self._predictor.predict(actor, address.slug, body)
        assert isinstance(predictions, list), "rows are always a batch"
        return InferReply(200, *answer(address.slug, request, predictions, features))

    async def _read(
        self, actor: Actor, address: ModelAddress, headers: dict[bytes, bytes], read: Callable[[bytes, int], Awaitable[bytes]]
    ) -> tuple[InferRequest, PredictBody, Mapping[str, FeatureSpec]]:
        """Return the request, its form for the domain, and its features. Raises the problem found; GroupNotFound."""
        limit = self._hub.settings.max_predict_bytes
        sent = await read(headers.get(b"content-length", b""), limit)
        plain = inflate(sent, headers.get(b"content-encoding", b""), limit)
        group = await self._predictor.find(actor, address.slug)
        request, parts = read_request(*split(plain, headers.get(b"inference-header-content-length", b"")))
        check_outputs(request)
        features = metadata.features(group, address.version)
        body = body_of(request, rows_of(request, parts, features), wants_explanation(request), address.version)
        key = headers.get(b"idempotency-key", b"")
        return request, with_key(body, key) if key else body, features


def _address(parts: list[str]) -> ModelAddress:
    """Return the address. Raises NothingThere."""
    match parts:
        case ["models", slug, "versions", version, *rest] if rest in ([], ["ready"], ["infer"]):
            return ModelAddress(slug, version, "".join(rest))
        case ["models", slug, *rest] if rest in ([], ["ready"], ["infer"]):
            return ModelAddress(slug, None, "".join(rest))
    raise NothingThere


def _failure(error: Exception, path: str) -> tuple[InferReply, list[tuple[bytes, bytes]]]:
    request_id = uuid4().hex
    report(error, path=path, request_id=request_id)
    seen = known(error)
    headers = [(b"x-request-id", request_id.encode())]
    if isinstance(seen, MethodNotSupported):
        headers.append((b"allow", seen.allow.encode()))
    status = WIRE[seen.code].status
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return InferReply(status, _encode({"error": _told(seen)})), headers


def _told(error: HubError) -> str:
    """Return the error's only text in the protocol: the problem, then its place."""
    issues = [f"{issue.pointer}: {issue.message}" for issue in error.issues[:MOST_ISSUES_IN_TEXT] if issue.pointer and issue.message not in error.message]
    more = len(error.issues) - MOST_ISSUES_IN_TEXT
    return " ".join([error.message, "; ".join(issues)]).strip() + (f"; and {more} more" if more > 0 else "")
