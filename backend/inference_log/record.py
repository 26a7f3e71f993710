"""A prediction on its way into the log: one msgpack array, the only field of a stream entry."""

from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec

from schemas.inference import Explanation

FIELD = b"r"

Status = Literal["ok", "failed", "fallback"]


class Record(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One answered inference. New fields go to the end with a default, so that entries of an older process stay readable."""

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
    """A request's idempotency key, and a digest of the request."""

    key: str
    asked: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)


def encode(record: Record) -> bytes:
    """Return the record as bytes. A whole number over 64 bits, which msgpack lacks, is kept as the float that was scored."""
    try:
        return _encoder.encode(record)
    except OverflowError:
        return _encoder.encode(msgspec.structs.replace(record, inputs={name: _plain(value) for name, value in record.inputs.items()}))


def _plain(value: Any) -> Any:
    return float(value) if type(value) is int and not -(2**63) <= value < 2**64 else value


def decode(raw: bytes) -> Record:
    """Return the record of the bytes. Raises msgspec.DecodeError (ValidationError for a wrong shape)."""
    return _decoder.decode(raw)
