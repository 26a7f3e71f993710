"""tRPC v11's protocol, independent of HTTP: the calls of a request, their inputs, and the joining of results."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote_to_bytes

import msgspec

from backend.errors import HubError, TooManyRequests
from rpc.core.context import Request
from rpc.core.errors import MalformedRequest, MethodNotSupported, UnreadableParams, UnsupportedMediaType
from rpc.core.forms import parse_form
from rpc.core.inputs import Raw
from rpc.core.procedure import Kind, Procedure
from rpc.core.router import Router

Content = Literal["json", "form", "octets"]

_CONTENT: dict[str, Content] = {"application/json": "json", "multipart/form-data": "form", "application/octet-stream": "octets"}
_SIGNS = [(b"%%%02X" % sign, bytes([sign])) for sign in b'":,{}[] ']
_INPUTS = msgspec.json.Decoder(dict[str, msgspec.Raw])


_QUERY, _MUTATION, _OVERRIDDEN = ("GET",), ("POST",), ("GET", "POST")


@dataclass(slots=True)
class Call:
    """One call of a request. Errors show `path` to the caller."""

    index: int
    path: str
    procedure: Procedure | None


@dataclass(slots=True)
class Inputs:
    """The inputs of a request, parsed when a call first needs its own: an unreadable input fails only the calls that read it."""

    request: Request
    content: Content
    batch: bool
    _read: dict[int, Raw] | None = None
    _failed: HubError | None = None

    def of(self, index: int) -> Raw:
        """Return the input of one call; None without one. Raises MalformedRequest."""
        if self._failed is not None:
            raise self._failed
        if self._read is None:
            try:
                self._read = self._decode()
            except HubError as error:
                self._failed = error
                raise
        return self._read.get(index)

    def _decode(self) -> dict[int, Raw]:
        if self.content == "form":
            form = parse_form(self.request.headers.get("content-type", ""), self.request.body)
            self.request.body = b""  # its files are in memory once
            return {0: form}
        if self.content == "octets":
            return {0: self.request.body}
        sent = self.request.query.get("input", "").encode() if self.request.method == "GET" else self.request.body
        if not sent:
            return {}
        return self._batch(sent) if self.batch else {0: msgspec.Raw(sent)}

    def _batch(self, sent: bytes) -> dict[int, Raw]:
        try:
            inputs = _INPUTS.decode(sent)
        except msgspec.ValidationError as error:
            raise MalformedRequest('"input" needs to be an object when doing a batch call') from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise MalformedRequest(f"the input is not JSON: {error}") from error
        return {int(index): raw for index, raw in inputs.items() if len(index) < 6 and index.isdecimal()}


@dataclass(slots=True)
class Plan:
    """A request's calls. `stream` is its wish for JSON lines."""

    calls: Sequence[Call]
    inputs: Inputs
    batch: bool
    stream: bool
    kind: Kind | None


@dataclass(slots=True)
class Settled:
    """The end of a call: its envelope as JSON, and its own HTTP status."""

    status: int
    body: bytes
    headers: Sequence[tuple[str, str]] = ()


@dataclass(slots=True)
class Reply:
    """A whole response."""

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)


def content_of(request: Request) -> Content:
    """Return how the input travels. Raises UnsupportedMediaType; a GET needs no content type."""
    sent = request.headers.get("content-type", "")
    content = _CONTENT.get(sent.split(";", 1)[0].strip().lower())
    if content is None and request.method != "GET":
        raise UnsupportedMediaType(f'Unsupported content-type "{sent}"' if sent else "Missing content-type header")
    if content in ("form", "octets") and request.method != "POST":
        raise MethodNotSupported(f"Only POST requests are supported for {sent.split(';', 1)[0]} requests", "POST")
    return content or "json"


def plan(root: Router, request: Request, *, max_batch: int) -> Plan:
    """Return the calls of a request. Raises a HubError when the whole request cannot be answered."""
    content = content_of(request)
    batch = content == "json" and request.query.get("batch") == "1"
    paths = request.path.split(",") if batch else [request.path]
    if len(paths) > max_batch:
        raise MalformedRequest(f"Batch call exceeds maximum size: {len(paths)} calls, at most {max_batch}")
    stream = wants_lines(request)
    if stream and not batch:
        raise MalformedRequest("Streaming requests must be batched (you can do a batch of 1)")
    request.connection_params = query_params(request)
    calls = [Call(index, *root.find(path)) for index, path in enumerate(paths)]
    kinds = dict.fromkeys(c.procedure.kind for c in calls if c.procedure is not None)
    if len(kinds) > 1:
        raise MalformedRequest(f"Cannot mix procedure types in call: {', '.join(kinds)}")
    return Plan(calls, Inputs(request, content, batch), batch, stream, next(iter(kinds), None))


def wants_lines(request: Request) -> bool:
    """Return whether the client asks for JSON lines."""
    asked = request.headers.get("trpc-accept")
    if asked is not None:
        return asked == "application/jsonl"
    return any(part.strip() == "application/jsonl" for part in request.headers.get("accept", "").split(","))


def check_method(procedure: Procedure, request: Request, path: str, *, method_override: bool) -> None:
    """Refuse the wrong HTTP method. A GET never reaches a mutation, whatever the settings."""
    allowed = _MUTATION if procedure.kind is Kind.MUTATION else _OVERRIDDEN if method_override else _QUERY
    if request.method not in allowed:
        raise MethodNotSupported(f'Unsupported {request.method}-request to {procedure.kind} procedure at path "{path}"', ", ".join(allowed))


def decode_path(raw: bytes) -> str:
    """Percent-decode a path once. Raises MalformedRequest for a broken escape."""
    if b"%" not in raw:
        return raw.decode("ascii", "replace")
    for piece in raw.split(b"%")[1:]:
        if len(piece) < 2 or not all(c in b"0123456789abcdefABCDEF" for c in piece[:2]):
            raise MalformedRequest("Invalid URL-encoding in path")
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        raise MalformedRequest("Invalid URL-encoding in path") from error


def read_query(raw: bytes) -> dict[str, str]:
    """Return the parameters of a URL. A repeated name keeps its first value; bytes that are not UTF-8 are replaced."""
    query: dict[str, str] = {}
    for part in raw.replace(b"+", b" ").split(b"&"):
        name, _, value = part.partition(b"=")
        query.setdefault(_unquote(name).decode("utf-8", "replace"), _unquote(value).decode("utf-8", "replace"))
    return query


def _unquote(raw: bytes) -> bytes:
    """Percent-decode once. The escapes of JSON's own signs are replaced first: they are the most frequent, and none can become part of another escape."""
    if b"%" not in raw:
        return raw
    for escape, sign in _SIGNS:
        raw = raw.replace(escape, sign)
    return unquote_to_bytes(raw) if b"%" in raw else raw


def result(data: bytes) -> bytes:
    """Return the envelope of a result."""
    return b'{"result":{"data":' + data + b"}}"


def join(settled: Sequence[Settled], *, batch: bool) -> Reply:
    """Return one response for all: their common status, or else 207."""
    statuses = {s.status for s in settled}
    body = b"[" + b",".join(s.body for s in settled) + b"]" if batch else settled[0].body
    headers = dict(header for s in settled for header in s.headers)
    return Reply(statuses.pop() if len(statuses) == 1 else 207, body, list(headers.items()))


def headers_of(error: Exception) -> list[tuple[str, str]]:
    """Return the headers that a failure adds to its response."""
    if isinstance(error, MethodNotSupported):
        return [("allow", error.allow)]
    if isinstance(error, TooManyRequests) and "retryAfter" in error.data:
        return [("retry-after", str(error.data["retryAfter"]))]
    return []


def connection_params(sent: Any) -> dict[str, str] | None:
    """Return the parameters of a connection. Raises UnreadableParams unless they are an object of strings, or null."""
    try:
        return msgspec.convert(sent, dict[str, str] | None)
    except msgspec.ValidationError as error:
        raise UnreadableParams from error


def query_params(request: Request) -> dict[str, str] | None:
    """Return the connection's parameters in the URL. Raises UnreadableParams."""
    sent = request.query.get("connectionParams")
    if sent is None:
        return None
    try:
        return connection_params(msgspec.json.decode(sent))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise UnreadableParams from error


def resumed(raw: Raw, event_id: str | None) -> tuple[Raw, str | None]:
    """Return the input of a subscription and the id to continue after: the id beside the input wins over the one inside."""
    try:
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]) if isinstance(raw, msgspec.Raw) else {}
        if event_id is None:
            within = msgspec.json.decode(fields.get("lastEventId", b"null"))
            return raw, within if isinstance(within, str) else None
    except (msgspec.DecodeError, UnicodeError, RecursionError):  # the procedure's own decoder reports the error
        return raw, event_id
    return msgspec.Raw(msgspec.json.encode(fields | {"lastEventId": event_id})), event_id
