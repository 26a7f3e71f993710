"""The data plane: bare ASGI beside Litestar, and no ASGI for complete requests. `POST /v1/groups/{slug}/predict`, `POST /v1/outcomes` and
`POST /v1/decisions`, by API token only."""

import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from uuid import uuid4

import msgspec

from backend.access.permissions import P
from backend.actor import Actor
from backend.bootstrap import ServingHub
from backend.db.availability import unless_away
from backend.decisions import final
from backend.errors import Forbidden, HubError, NotFound
from backend.outcomes import service as outcomes
from backend.serving.predict import Predictor
from rpc.bodies import decode, given, with_key
from rpc.core.asgi import Disconnected, Headers, Receive, Scope, Send, read_body
from rpc.core.body_room import room
from rpc.core.errors import MethodNotSupported, UnsupportedMediaType, known, report
from rpc.core.http_metrics import note_answer
from rpc.http_connection import CompleteResponse
from rpc.plain_json import error_body
from rpc.token_cache import TokenCache
from rpc.v2.transport import OpenInference
from schemas.decisions import RecordDecisions
from schemas.inference import PredictBody, Predictions, RecordOutcomes

log = logging.getLogger("tiltyard.predict")

GROUPS = "/v1/groups/"
PREDICT = "/predict"
OUTCOMES = "/v1/outcomes"
DECISIONS = "/v1/decisions"
LEDGERS = (OUTCOMES, DECISIONS)
OPEN_INFERENCE = "/v2"
PREDICT_ROUTE = f"{GROUPS}{{slug}}{PREDICT}"
_GROUPS, _PREDICT = GROUPS.encode(), PREDICT.encode()
_UNPLAIN = re.compile(rb"[%?#]").search
JSON = b"application/json"

_predict_decoder = msgspec.json.Decoder(PredictBody)
_outcomes_decoder = msgspec.json.Decoder(RecordOutcomes)
_decisions_decoder = msgspec.json.Decoder(RecordDecisions)
_encode = msgspec.json.Encoder().encode


class DataPlane:
    """Answers predictions, takes outcomes and final decisions. Keep it open while the process serves."""

    def __init__(self, hub: ServingHub, predictor: Predictor, tokens: TokenCache) -> None:
        self._hub = hub
        self._predictor = predictor
        self._tokens = tokens
        self._limit = hub.settings.max_predict_bytes
        self._open_inference = OpenInference(hub, predictor, tokens)

    @classmethod
    @asynccontextmanager
    async def open(cls, hub: ServingHub) -> AsyncIterator["DataPlane"]:
        """Load the routing table and its versions, and keep both current until closed."""
        tokens = TokenCache(hub)
        predictor = await hub.serving.start(hub, tokens.forget)
        try:
            yield cls(hub, predictor, tokens)
        finally:
            await hub.serving.stop()

    @staticmethod
    def takes(path: str) -> bool:
        """Return whether the data plane answers this path."""
        return (path.startswith(GROUPS) and path.endswith(PREDICT)) or path in LEDGERS or path.startswith(OPEN_INFERENCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"].startswith(OPEN_INFERENCE):
            return await self._open_inference(scope, receive, send)
        try:
            if scope["method"] != "POST":
                raise MethodNotSupported(f"{scope['path']} takes only POST requests", allow="POST")
            authorization = _head(scope["headers"])[0]
            with room.lease(lambda: (known := self._tokens.known(authorization)) and known.tenant_id) as hold:
                status, body, headers = CompleteResponse(200, await self._answer(scope["path"], scope["headers"], partial(read_body, receive, hold=hold)), [])
        except Disconnected:
            return None
        except Exception as error:  # for any error the caller gets a body that it can read
            status, body, headers = _failure(error, scope["path"])
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", JSON), (b"content-length", str(len(body)).encode()), *headers],
            }
        )
        return await send({"type": "http.response.body", "body": body})

    @staticmethod
    def takes_whole(target: bytes) -> bool:
        """Return whether a POST to this target is a prediction without escapes in the target."""
        return target.startswith(_GROUPS) and target.endswith(_PREDICT) and not _UNPLAIN(target)

    async def answer_whole(self, path: str, headers: Headers, body: bytes) -> CompleteResponse:
        """Return the answer to a POST with a complete body."""
        try:
            reply = CompleteResponse(200, await self._answer(path, headers, partial(given, body)), [])
        except Exception as error:
            reply = _failure(error, path)
        note_answer(PREDICT_ROUTE, reply.status)
        return reply

    async def _answer(self, path: str, headers: Headers, read: Callable[[bytes, int], Awaitable[bytes]]) -> bytes:
        authorization, content_type, announced, key = _head(headers)
        actor = self._tokens.known(authorization) or await self._tokens.actor(authorization)
        if path in LEDGERS:
            _require_json(content_type)
            raw = await read(announced, self._hub.settings.max_rpc_bytes)
            return await (self._record(actor, raw) if path == OUTCOMES else self._record_decisions(actor, raw))
        slug = path[len(GROUPS) : -len(PREDICT)]
        try:
            _require_json(content_type)
            raw = await read(announced, self._limit)
            _require(actor, P.INFERENCE_GROUP_PREDICT)
            asked = decode(_predict_decoder, raw)
            if key:
                asked = with_key(asked, key)
        except HubError as error:
            self._predictor.refuse(actor, slug, error)
            raise
        return await self._predict(actor, slug, asked)

    async def _predict(self, actor: Actor, slug: str, asked: PredictBody) -> bytes:
        if not slug or "/" in slug:
            raise NotFound(f"There is nothing at {GROUPS}{slug[:80]}{PREDICT}. Ask a group at {GROUPS}<slug>{PREDICT}.")
        answer = await self._predictor.predict(actor, slug, asked)
        return _encode(Predictions(predictions=answer) if isinstance(answer, list) else answer)

    async def _record(self, actor: Actor, raw: bytes) -> bytes:
        _require(actor, P.INFERENCE_OUTCOME_WRITE)
        told = decode(_outcomes_decoder, raw)
        async with unless_away(self._hub.work(actor)) as work:
            return _encode(await outcomes.record(work, told))

    async def _record_decisions(self, actor: Actor, raw: bytes) -> bytes:
        _require(actor, P.INFERENCE_DECISION_WRITE)
        told = decode(_decisions_decoder, raw)
        async with unless_away(self._hub.work(actor)) as work:
            return _encode(await final.record(work, told))


def _head(headers: Headers) -> tuple[bytes, bytes, bytes, bytes]:
    """Return the relevant headers: authorization, content-type, content-length, idempotency-key."""
    authorization = content_type = announced = key = b""
    for name, value in headers:
        lower = name.lower()
        if lower == b"authorization":
            authorization = value
        elif lower == b"content-type":
            content_type = value
        elif lower == b"content-length":
            announced = value
        elif lower == b"idempotency-key":
            key = value
    return authorization, content_type, announced, key


def _require_json(content_type: bytes) -> None:
    if content_type != JSON and content_type.partition(b";")[0].strip().lower() != JSON:
        raise UnsupportedMediaType("Send the body as `Content-Type: application/json`.")


def _require(actor: Actor, permission: P) -> None:
    if not actor.may(permission):
        raise Forbidden(f"this needs a token with the scope `{permission}`", permission=permission)


def _failure(error: Exception, path: str) -> CompleteResponse:
    request_id = uuid4().hex
    report(error, path=path, request_id=request_id)
    status, body = error_body(known(error), request_id)
    headers = [(b"x-request-id", request_id.encode())]
    if isinstance(error, MethodNotSupported):
        headers.append((b"allow", error.allow.encode()))
    if isinstance(error, HubError) and status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return CompleteResponse(status, body, headers)
