"""Builds log rows from records, and finds their partitions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.inference_log.record import Record
from schemas.inference import Explanation

Row = tuple[Any, ...]
"""One row, in the order of columns.WRITTEN; JSON as text."""

_encode = msgspec.json.Encoder().encode


def row_of(record: Record, explanation: Explanation | None, explained_at: datetime | None) -> Row:
    """Return a record's row with its explanation."""
    return (
        record.inference_id,
        record.requested_at,
        record.version_id,
        record.version,
        record.role,
        record.phase,
        record.bucket,
        record.propensity,
        record.entity_key,
        record.correlation_id,
        record.caller,
        _json(record.inputs),
        _json(record.context),
        _json(record.segments),
        _json(record.output),
        record.score,
        record.label,
        _json(explanation),
        explained_at,
        record.latency_us,
        record.stale,
        record.status,
        record.error,
        record.decision,
        record.decision_rule,
        record.lot,
        record.lot_propensity,
    )


def rows_of(records: Sequence[Record], explained: dict[UUID, Explanation], now: datetime) -> list[Row]:
    """Return the rows of records: explained at the request, explained now, or not yet."""
    rows = []
    for record in records:
        if record.explanation is not None:
            rows.append(row_of(record, record.explanation, record.explained_at))
        else:
            explanation = explained.get(record.inference_id)
            rows.append(row_of(record, explanation, now if explanation else None))
    return rows


def _json(value: Any) -> str | None:
    return None if value is None else _encode(value).decode()
