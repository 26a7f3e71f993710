"""The columns of a log, in one place: a row on its way to PostgreSQL."""

COLUMNS = (
    "inference_id",
    "requested_at",
    "model_version_id",
    "version",
    "role",
    "phase",
    "bucket",
    "propensity",
    "entity_key",
    "correlation_id",
    "caller",
    "inputs",
    "context",
    "segments",
    "output",
    "score",
    "label",
    "explanation",
    "explained_at",
    "latency_us",
    "stale",
    "status",
    "error",
    "actual",
    "actual_at",
    "actual_history",
    "erased_at",
    "imported_from",
    "decision",
    "decision_rule",
    "lot",
    "lot_propensity",
    "final_decision",
    "final_details",
)
"""All columns, in the table's order."""

DECIDED = ("decision", "decision_rule", "lot", "lot_propensity")
"""The recommendation, the version of its rule, and the lot if one was drawn: its number, and its chance of approval."""

WRITTEN = (*COLUMNS[: COLUMNS.index("actual")], *DECIDED)
"""Columns written with a row. The others belong to outcomes, erasure, imports and final decisions."""


JSON = ("inputs", "context", "segments", "output", "explanation", "actual_history", "final_details")
"""Columns with JSON."""

PERSONAL: dict[str, str | None] = {
    "entity_key": None,
    "correlation_id": None,
    "inputs": "{}",
    "context": None,
    "segments": "{}",
    "explanation": None,
    "error": None,
}
"""Columns about the row's entity, and their values after an erasure."""
