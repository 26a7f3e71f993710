"""The columns of a log, in one place: what a row is on its way to PostgreSQL."""

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
)
"""All of them, in the table's own order."""

WRITTEN = COLUMNS[: COLUMNS.index("actual")]
"""Those written with a row. The others belong to outcomes."""


JSON = ("inputs", "context", "segments", "output", "explanation", "actual_history")
"""Those that hold JSON."""

PERSONAL: dict[str, str | None] = {
    "entity_key": None,
    "correlation_id": None,
    "inputs": "{}",
    "context": None,
    "segments": "{}",
    "explanation": None,
    "error": None,
}
"""What speaks of the entity that a row is about, and what stands there once it is forgotten."""
