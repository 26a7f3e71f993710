"""A prediction on its way into the log: one msgpack array, a stream entry's only field."""

from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec

from schemas.inference import Explanation

FIELD = b"r"

Status = Literal["ok", "failed", "fallback"]


class Record(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One inference as it was answered. New fields are added at the end with a default, so that entries of an older process are still read."""

    inference_id: UUID
    requested_at: datetime
    version_id: UUID
    version: str
    role: str
    phase: int
    bucket: int
    propensity: float
    entity_key: str | None
    correlation_id: str | None
    caller: str
    inputs: dict[str, Any]
    context: dict[str, Any] | None
    segments: dict[str, str]
    output: dict[str, Any] | None
    score: float | None
    label: str | None
    explanation: Explanation | None
    explained_at: datetime | None
    latency_us: int
    status: Status
    error: str | None
    stale: bool = False
    decision: str | None = None
    decision_rule: str | None = None
    lot: float | None = None
    lot_propensity: float | None = None


class KeyClaim(NamedTuple):
    """The idempotency key of a request, and a digest of what was asked under it."""

    key: str
    asked: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)


def encode(record: Record) -> bytes:
    """The record as bytes. A whole number of more than 64 bits, which msgpack has none of, is kept as the float that it was scored as."""
    try:
        return _encoder.encode(record)
    except OverflowError:
        return _encoder.encode(msgspec.structs.replace(record, inputs={name: _plain(value) for name, value in record.inputs.items()}))


def _plain(value: Any) -> Any:
    return float(value) if type(value) is int and not -(2**63) <= value < 2**64 else value


def decode(raw: bytes) -> Record:
    """The record again. Raises msgspec.DecodeError (ValidationError for a wrong shape)."""
    return _decoder.decode(raw)
