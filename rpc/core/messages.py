"""Messages of a WebSocket's client: calls, stops, and the connection's parameters."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from backend.errors import HubError
from rpc.core.errors import MalformedRequest, UnreadableParams
from rpc.core.wire import connection_params
from schemas.errors import ErrorCode

Id = int | float | str | None


class Params(msgspec.Struct, frozen=True):
    """The procedure's path and the input; `raw` is the input as sent."""

    path: str = ""
    input: msgspec.Raw = msgspec.Raw()
    last_event_id: str | None = msgspec.field(default=None, name="lastEventId")

    @property
    def raw(self) -> msgspec.Raw | None:
        """Return the raw input; None without one."""
        return self.input if bytes(self.input) else None


class Message(msgspec.Struct, frozen=True):
    """One message."""

    method: Literal["query", "mutation", "subscription", "subscription.stop"]
    id: Id = None
    params: Params = Params()
    jsonrpc: Literal["2.0"] | None = None


class _Introduction(msgspec.Struct, frozen=True):
    data: Any = None


_said = msgspec.json.Decoder(Message | list[msgspec.Raw])
_one = msgspec.json.Decoder(Message)
_introduction = msgspec.json.Decoder(_Introduction)


class Garbled(HubError):
    """This endpoint cannot read the message."""

    code = ErrorCode.PARSE_ERROR


class Unreadable(Exception):
    """`error` goes to the client; `messages` are those it answers, empty when it answers none in particular."""

    def __init__(self, error: HubError, messages: Sequence[Message] = ()) -> None:
        super().__init__()
        self.error = error
        self.messages = messages


def parse(said: str | bytes, max_batch: int) -> list[Message]:
    """Return the messages sent together. Raises Unreadable."""
    try:
        found = _said.decode(said)
        messages = [found] if isinstance(found, Message) else [_one.decode(one) for one in found]
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Unreadable(Garbled(f"The message is unreadable: {error}")) from error
    if len(messages) > max_batch:
        too_many = MalformedRequest(f"Batch call exceeds maximum size: {len(messages)} calls, at most {max_batch}")
        raise Unreadable(too_many, [m for m in messages if m.method != "subscription.stop" and m.id is not None])
    return messages


def parse_params(said: str | bytes) -> dict[str, str] | None:
    """Return the parameters in the first message. Raises UnreadableParams."""
    try:
        return connection_params(_introduction.decode(said).data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise UnreadableParams from error


def body(message: Message | None, said: bytes) -> bytes:
    """Return an answer to the message."""
    version = b'"jsonrpc":"2.0",' if message is not None and message.jsonrpc else b""
    return b'{"id":%b,%b%b}' % (msgspec.json.encode(None if message is None else message.id), version, said)
